import type { EngineClient } from "../engine/engine_client.ts";
import { KEEPER_USER } from "./host_config.ts";
import { LABELS } from "./reaper.ts";

/** A lasting container of an earlier process, which runs on. */
export interface Survivor {
  readonly containerId: string;
  /** The very image that it was made from. */
  readonly image: string;
  readonly ociRuntime: string;
  readonly network: string;
}

/**
 * Finds what an environment of this instance lives in. Everything else that is left of it is removed: what does not run any
 * more, and what ran a program or an installation of its own.
 *
 * @throws {CodeBeakerError} `runtime_unavailable`
 */
export async function findSurvivor(
  client: Pick<EngineClient, "containers">,
  { instanceId, environmentId }: { readonly instanceId: string; readonly environmentId: string },
): Promise<Survivor | undefined> {
  let survivor: Survivor | undefined;
  for (const { id, labels } of await client.containers.list(`${LABELS.session}=${environmentId}`)) {
    if (labels[LABELS.instance] !== instanceId) continue;
    const found = await client.containers.inspect(id);
    if (survivor === undefined && found?.isRunning && found.user === KEEPER_USER) {
      survivor = { containerId: id, image: found.image, ociRuntime: found.ociRuntime, network: found.network };
    } else await client.containers.remove(id);
  }
  return survivor;
}
