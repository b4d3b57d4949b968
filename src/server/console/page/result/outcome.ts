import type { Outcome } from "../../../../core/execution.ts";
import { formatBytes, formatMs } from "../parts/format.ts";

/** Whether a program did what it was asked to. */
export function isGood(outcome: Outcome): boolean {
  return outcome.kind === "exited" && outcome.exitCode === 0;
}

/** Says how a program ended. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "exited":
      return outcome.exitCode === 0 ? "Done" : `Exit code ${outcome.exitCode}`;
    case "signaled":
      return `Ended by ${outcome.signal}`;
    case "timed_out":
      return `Timed out after ${formatMs(outcome.limitMs)}`;
    case "cpu_limit":
      return `Over its CPU time of ${formatMs(outcome.limitMs)}`;
    case "memory_limit":
      return `Over its memory of ${outcome.limitMb} MB`;
    case "output_limit":
      return `Over its output of ${formatBytes(outcome.limitBytes)}`;
    case "disk_limit":
      return outcome.limitFiles === undefined
        ? `Over its disk of ${outcome.limitMb} MB`
        : `Over its ${outcome.limitFiles} files`;
    case "process_limit":
      return `Over its ${outcome.limit} processes`;
    case "descriptor_limit":
      return `Over its ${outcome.limit} descriptors`;
    case "cancelled":
      return "Stopped";
    case "interrupted":
      return `Interrupted: ${outcome.reason}`;
    case "compile_failed":
      return "Did not compile";
  }
}
