import { messageOf } from "../../../core/errors.ts";
import { isEngineLost } from "../engine/engine_call.ts";
import type { EngineClient } from "../engine/engine_client.ts";
import type { ContainerRequest } from "../engine/engine_containers.ts";

/** The tools that `launch.sh` and `workspace.sh` call. */
const TOOLS = "cat chmod cp dd find head mkdir mv readlink rm rmdir sleep stat tail tar";

const CHECK_MS = 10_000;

/** The command of the check, which exits with 0 when the image has all tools. */
export const IMAGE_CHECK = ["sh", "-c", `for tool in ${TOOLS}; do command -v $tool >/dev/null || exit 9; done`];

/**
 * Why no program can run in an image; undefined when one can. Called when a container failed to start, to find out
 * whether the image is the cause.
 *
 * @param request a container of the image that runs {@link IMAGE_CHECK}
 */
export async function whyUnusable(
  client: Pick<EngineClient, "containers">,
  request: ContainerRequest,
): Promise<string | undefined> {
  let id: string | undefined;
  try {
    id = await client.containers.create(request);
    await client.containers.start(id);
    const { exitCode } = await client.containers.wait(id, AbortSignal.timeout(CHECK_MS));
    return exitCode === 0 ? undefined : `it lacks a shell, or one of ${TOOLS.replaceAll(" ", ", ")}`;
  } catch (error) {
    return isEngineLost(error) ? undefined : messageOf(error);
  } finally {
    if (id !== undefined) await client.containers.remove(id).catch(() => {}); // The reaper removes it later.
  }
}
