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
    case "cpu_limit":
      return `CPU time limit of ${outcome.limitMs} ms exceeded`;
    case "memory_limit":
      return `memory limit of ${outcome.limitMb} MB exceeded`;
    case "disk_limit":
      return `disk limit of ${outcome.limitMb} MB exceeded`;
    case "output_limit":
      return `output limit of ${outcome.limitBytes} bytes exceeded`;
    case "process_limit":
      return `limit of ${outcome.limit} processes exceeded`;
    case "descriptor_limit":
      return `limit of ${outcome.limit} open files exceeded`;
    case "cancelled":
      return "cancelled";
    case "interrupted":
      return `interrupted: ${outcome.reason}`;
    case "compile_failed":
      return `compilation failed: exit status ${outcome.exitCode}`;
  }
}
