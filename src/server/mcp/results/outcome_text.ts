import type { Denial } from "../../../core/denials/denial.ts";
import type { Outcome } from "../../../core/execution.ts";

/** How a tool is called again. */
export interface Retry {
  /** The name of the tool. */
  readonly tool: string;
  /** Whether the program ran in a session, whose permissions and limits are fixed. */
  readonly isInSession: boolean;
}

/** Describes an outcome, and what a further call could change about it. */
export function describeOutcome(outcome: Outcome, retry: Retry): string {
  switch (outcome.kind) {
    case "exited":
      return `The program ended with exit code ${outcome.exitCode}.`;
    case "signaled":
      return `The program was ended by ${outcome.signal}.`;
    case "timed_out":
      return `The program was ended at its deadline of ${outcome.limitMs} ms. Pass a larger timeoutMs.`;
    case "cpu_limit":
      return `The program was ended after ${outcome.limitMs} ms of CPU time. ${raise("cpuMs", retry)}`;
    case "memory_limit":
      return `The program was ended as it used more than ${outcome.limitMb} MB of memory. ${raise("memoryMb", retry)}`;
    case "output_limit":
      return `The program was ended as it printed more than ${outcome.limitBytes} bytes. ${
        raise("maxTotalOutputBytes", retry)
      }`;
    case "disk_limit":
      return `The program was ended as its files took more than ${outcome.limitMb} MB, or were too many. ${
        raise("diskMb", retry)
      }${retry.isInSession ? " Or delete some of its files, which are still there: call run_command with rm." : ""}`;
    case "process_limit":
      return `The program was ended as it had more than ${outcome.limit} processes. ${raise("maxProcesses", retry)}`;
    case "descriptor_limit":
      return `The program was ended as it opened more than ${outcome.limit} files at once.`;
    case "cancelled":
      return "The program was cancelled.";
    case "interrupted":
      return `The program was interrupted: ${outcome.reason}.`;
    case "compile_failed":
      return `The program did not compile: the compiler ended with exit code ${outcome.exitCode}.`;
  }
}

/** Describes a denial, with the call that would not be denied. */
export function describeDenial({ kind, target, at, rule, remedy }: Denial, { tool, isInSession }: Retry): string {
  const denied = `Denied: ${kind} ${target}${at === undefined ? "" : ` at ${at}`} (${rule}).`;
  if (remedy === undefined) return denied;
  const fields = Object.entries(remedy.permissions).map(([name, value]) =>
    `permissions.${name} set to ${JSON.stringify(value)}`
  );
  const whole = fields.join(" and ");
  return isInSession
    ? `${denied} To allow it, start another session: call ${tool} ${newSession(tool)} and with ${whole}.`
    : `${denied} To allow it, call ${tool} again with ${whole}.`;
}

/** Says how more output is kept. Only `run_code` has limits of one program in a session. */
export function keepMore({ isInSession, tool }: Retry): string {
  return raise("maxOutputBytes", { tool, isInSession: isInSession && tool !== "run_code" });
}

function raise(limit: string, { tool, isInSession }: Retry): string {
  return isInSession
    ? `Start another session with a larger limits.${limit}: call ${tool} ${newSession(tool)}.`
    : `Pass a larger limits.${limit}.`;
}

/** How a tool starts a session: `run_code` runs without one where none is named. */
function newSession(tool: string): string {
  return tool === "run_code" ? 'with session "new"' : "without session";
}
