import { messageOf } from "../../../core/errors.ts";
import { isLost } from "../engine/engine_call.ts";
import type { ContainerRequest, EngineClient } from "../engine/engine_client.ts";

/** What `launch.sh` and `workspace.sh` call. */
const TOOLS = "cat chmod cp dd find head mkdir mv readlink rm rmdir sleep stat tail tar";

/** How long the look may take. */
const CHECK_MS = 10_000;

/** Its exit code tells whether all of them are there. */
export const IMAGE_CHECK = ["sh", "-c", `for tool in ${TOOLS}; do command -v $tool >/dev/null || exit 9; done`];

/**
 * Why no program can be run in an image; undefined when it is as it should be. It is asked when a container has not begun as
 * it should, to tell an image that is of no use from everything else.
 *
 * @param request a container of the image that runs {@link IMAGE_CHECK}
 */
export async function whyUnusable(
  client: Pick<EngineClient, "createContainer" | "startContainer" | "waitFor" | "removeContainer">,
  request: ContainerRequest,
): Promise<string | undefined> {
  let id: string | undefined;
  try {
    id = await client.createContainer(request);
    await client.startContainer(id);
    const { exitCode } = await client.waitFor(id, AbortSignal.timeout(CHECK_MS));
    return exitCode === 0 ? undefined : `it lacks a shell, or one of ${TOOLS.replaceAll(" ", ", ")}`;
  } catch (error) {
    return isLost(error) ? undefined : messageOf(error);
  } finally {
    if (id !== undefined) await client.removeContainer(id).catch(() => {}); // The reaper finds what is left.
  }
}
