import { delay } from "../../../concurrency/delay.ts";
import type { ContainerSample } from "../engine/container_sample.ts";
import type { Container } from "./container.ts";

/** The tasks of a session container without a program: the init and the pause process. */
const IDLE_TASKS = 2;
/** How often the tasks are counted while the launcher exits. This machine's kernel counts them, or else the Engine. */
const KERNEL_SAMPLES = { max: 12, intervalMs: 5 };
const ENGINE_SAMPLES = { max: 3, intervalMs: 20 };

/**
 * Kills the orphan processes of a session container. A kernel's count of tasks shows whether there are any, since a
 * program could forge its launcher's reports. The kernel of this machine is cheaper to ask than the Engine.
 */
export async function killOrphanProcesses(
  container: Pick<Container, "group" | "signal">,
  { sample }: { sample(): Promise<ContainerSample | undefined> },
): Promise<void> {
  const { intervalMs, max } = container.group?.processes() === undefined ? ENGINE_SAMPLES : KERNEL_SAMPLES;
  for (let samples = 0; samples < max; samples++) {
    const tasks = container.group?.processes() ?? (await sample())?.tasks;
    if (tasks === IDLE_TASKS) return;
    if (tasks === undefined) break;
    await delay(intervalMs);
  }
  await container.signal("SIGKILL", -1);
}

/** Deletes the files of programs in `/tmp`. A full `/tmp` would fail every later program, and no client can delete there. */
export async function clearTemporaryFiles(container: Pick<Container, "run">): Promise<void> {
  const { stdout } = await container.run({ argv: ["find", "/tmp", "-mindepth", "1", "-delete"] });
  for await (const _printed of stdout);
}
