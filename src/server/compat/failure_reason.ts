import type { Outcome } from "../../core/execution.ts";

/** Tells in a few words why a program failed; undefined where it exited with 0. */
export function failureReason(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case "exited":
      return outcome.exitCode === 0 ? undefined : `exit status ${outcome.exitCode}`;
    case "signaled":
      return `signal: ${outcome.signal}`;
    case "timed_out":
      return "code execution timeout";
    case "interrupted":
      return `interrupted: ${outcome.reason}`;
    default:
      return outcome.kind.replaceAll("_", " ");
  }
}
