import type { EngineClient } from "../engine/engine_client.ts";
import { PAUSE_USER } from "./users.ts";
import { LABELS } from "./reaper.ts";

/** A running session container that a lost service left behind. */
export interface RecoveredContainer {
  readonly containerId: string;
  /** The id of its image. */
  readonly image: string;
  readonly ociRuntime: string;
  /** The name of its network, or `none`. */
  readonly network: string;
}

/**
 * Finds the session container of an environment. Removes the environment's other containers: stopped ones, and those of
 * one program or one installation.
 *
 * @throws {CodeBeakerError} `runtime_unavailable`
 */
export async function findRecovered(
  { containers }: Pick<EngineClient, "containers">,
  { instanceId, environmentId }: { readonly instanceId: string; readonly environmentId: string },
): Promise<RecoveredContainer | undefined> {
  let recovered: RecoveredContainer | undefined;
  for (const { id, labels } of await containers.list(`${LABELS.session}=${environmentId}`)) {
    if (labels[LABELS.instance] !== instanceId) continue;
    const found = await containers.inspect(id);
    if (recovered === undefined && found?.isRunning && found.user === PAUSE_USER) {
      recovered = { containerId: id, image: found.image, ociRuntime: found.ociRuntime, network: found.network };
    } else await containers.remove(id);
  }
  return recovered;
}
