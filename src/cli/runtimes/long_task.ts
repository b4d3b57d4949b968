import type { CommandContext } from "../context.ts";
import { exitCodeOfSignal } from "../exit_code.ts";
import { interruptible } from "../interruptible.ts";
import { ProgressLine } from "../progress_line.ts";

/** The signal and the progress line of a long task. */
export interface LongTask {
  /** Aborts at SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  readonly progress: ProgressLine;
}

/** Does a task that shows its progress, and returns the exit code. It is that of a signal that ended the task. */
export async function runLongTask(
  { stderr }: CommandContext,
  work: (task: LongTask) => Promise<void>,
): Promise<number> {
  using interrupt = interruptible();
  const { signal } = interrupt;
  await using progress = new ProgressLine(stderr, { signal });
  try {
    await work({ signal, progress });
    return 0;
  } catch (error) {
    if (signal.aborted) return exitCodeOfSignal(signal.reason);
    throw error;
  }
}
