import { delay } from "../../../concurrency/delay.ts";
import type { Container } from "./container.ts";
import type { ContainerSample } from "../engine/container_sample.ts";

/** The init and the main process: what is left of a lasting container when its program has ended. */
const OWN_TASKS = 2;
/** For how long the launcher may be on its way out, by how it is looked. */
const KERNEL_LOOKS = { most: 12, intervalMs: 5 };
const ENGINE_LOOKS = { most: 3, intervalMs: 20 };

/**
 * Ends whatever runs in a lasting container beside what keeps it. The kernel's count tells whether anything does: a
 * program could forge what its launcher says. This machine's own is asked where it runs the container, which costs less.
 */
export async function killOrphanProcesses(
  container: Pick<Container, "group" | "signal">,
  { sample }: { sample(): Promise<ContainerSample | undefined> },
): Promise<void> {
  const { intervalMs, most } = container.group?.processes() === undefined ? ENGINE_LOOKS : KERNEL_LOOKS;
  for (let looks = 0; looks < most; looks++) {
    const tasks = container.group?.processes() ?? (await sample())?.tasks;
    if (tasks === OWN_TASKS) return;
    if (tasks === undefined) break;
    await delay(intervalMs);
  }
  await container.signal("SIGKILL", -1);
}

/** Deletes what programs left in `/tmp`: the client cannot, and it would keep every later one from running. */
export async function makeRoom(container: Pick<Container, "run">): Promise<void> {
  const { stdout } = await container.run({ argv: ["find", "/tmp", "-mindepth", "1", "-delete"] });
  for await (const _said of stdout);
}
