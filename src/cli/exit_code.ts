import { constants } from "node:os";
import type { Outcome } from "../core/execution.ts";

/** The exit code of timeout(1) for a program that was ended at its deadline. */
const EXIT_TIMED_OUT = 124;

/** The exit code that a shell reports for an outcome. Limits, cancelling and interruptions count as SIGKILL. */
export function exitCodeOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case "exited":
    case "compile_failed":
      return outcome.exitCode;
    case "signaled":
      return exitCodeOfSignal(outcome.signal);
    case "timed_out":
      return EXIT_TIMED_OUT;
    default:
      return exitCodeOfSignal("SIGKILL");
  }
}

/** The exit code that shells report for a signal: 128 and its number. */
export function exitCodeOfSignal(signal: string): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[signal] ?? 0);
}
