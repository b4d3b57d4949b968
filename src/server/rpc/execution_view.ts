import { CodeBeakerError, type ErrorCode, type Failure } from "../../core/errors.ts";
import type { Execution, Outcome } from "../../core/execution.ts";
import type { ExecutionReport } from "../../engine/port.ts";

/** How an execution ended, in the original's words. */
export interface ExecutionSummary {
  readonly executionId: string;
  readonly status: "completed" | "failed" | "cancelled";
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** Whether it was ended for the time it took. */
  readonly timeout: boolean;
  readonly outcome: Outcome;
}

/** The end of an execution without what it printed. */
export function summarise({ id, outcome, exitCode, usage }: Execution): ExecutionSummary {
  return {
    executionId: id,
    status: outcome.kind === "cancelled" ? "cancelled" : exitCode === 0 ? "completed" : "failed",
    exitCode,
    durationMs: Math.round(usage.wallMs),
    timeout: outcome.kind === "timed_out",
    outcome,
  };
}

/** An execution with what the original's clients read of it beside. */
export function toResult(execution: Execution): Execution & Pick<ExecutionSummary, "executionId" | "durationMs"> {
  const { executionId, durationMs } = summarise(execution);
  return { ...execution, executionId, durationMs };
}

/** Whether the result of a command is an execution. */
export function isExecution(result: unknown): result is Execution {
  return typeof result === "object" && result !== null && "outcome" in result && "usage" in result;
}

/** The answer of `execution.status`. */
export function toStatus(report: ExecutionReport): object {
  switch (report.status) {
    case "ended": {
      const { stdout, stderr, createdAt, runtime, denials, denialsOmitted } = report.execution;
      const denied = { denials, ...(denialsOmitted === undefined ? {} : { denialsOmitted }) };
      return { ...summarise(report.execution), stdout, stderr, runtime, ...denied, createdAt };
    }
    case "failed":
      return { ...unfinished(report.id, report.status), stdout: "", stderr: "", ...toWords(report.error) };
    case "queued":
    case "running": {
      const { id, status, stdout, stderr, createdAt } = report;
      return { ...unfinished(id, status), stdout, stderr, createdAt };
    }
  }
}

/** Why the service could not do something; what is internal is told without its text. */
export function toFailure(error: unknown): { readonly error: string; readonly code: ErrorCode } {
  return error instanceof CodeBeakerError ? toWords(error) : { error: "Internal error", code: "internal" };
}

/** The answer of `execution.status` about what is not there. */
export function toMissing(executionId: string): object {
  return { ...unfinished(executionId, "not_found"), stdout: "", stderr: "" };
}

function toWords({ code, message }: Failure): { readonly error: string; readonly code: ErrorCode } {
  return { error: code === "internal" ? "Internal error" : message, code };
}

function unfinished(executionId: string, status: string): object {
  return { executionId, status, exitCode: null, durationMs: null, timeout: false, outcome: null };
}
