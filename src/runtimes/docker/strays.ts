import { delay } from "../../system/delay.ts";
import type { Container } from "./container.ts";
import type { ContainerSample } from "./engine_client.ts";

/** The init and the main process: what is left of a lasting container when its program has ended. */
const OWN_TASKS = 2;
const MAX_LOOKS = 3;
const LOOK_INTERVAL_MS = 20;

/**
 * Ends whatever runs in a lasting container beside what keeps it. The kernel's count of tasks tells whether anything does: a
 * program could forge what its launcher says.
 */
export async function endStrays(
  container: Pick<Container, "signal">,
  { sample }: { sample(): Promise<ContainerSample | undefined> },
): Promise<void> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const tasks = (await sample())?.tasks;
    if (tasks === OWN_TASKS) return;
    if (tasks === undefined) break;
    await delay(LOOK_INTERVAL_MS); // The launcher may be on its way out.
  }
  await container.signal("SIGKILL", -1);
}
