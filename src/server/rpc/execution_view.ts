import type { Answer } from "../../core/answers/answer.ts";
import type { legacyStatusSchema, legacySummarySchema } from "../../core/answers/legacy.ts";
import { CodeBeakerError, type ErrorCode, type Failure } from "../../core/errors.ts";
import type { Execution } from "../../core/execution.ts";
import type { ExecutionReport } from "../../engine/port.ts";
import type { Peer } from "./call_context.ts";

/** The end of an execution in the original's fields. */
type ExecutionSummary = Answer<typeof legacySummarySchema>;

/** The state of an execution in the original's fields. */
type ExecutionState = Answer<typeof legacyStatusSchema>;

/** Summarises an execution without its output. */
function summarise({ id, outcome, exitCode, usage }: Execution): ExecutionSummary {
  return {
    executionId: id,
    status: outcome.kind === "cancelled" ? "cancelled" : exitCode === 0 ? "completed" : "failed",
    exitCode,
    durationMs: Math.round(usage.wallMs),
    timeout: outcome.kind === "timed_out",
    outcome,
  };
}

/** The parameters of the notification of an execution's end. */
export function toCompletion(execution: Execution, { isStrict }: Pick<Peer, "isStrict">): object {
  const { id: executionId, status, outcome, exitCode, usage } = execution;
  return isStrict ? { executionId, status, outcome, exitCode, usage } : summarise(execution);
}

/** Formats an execution as a result. It adds the id that methods take and, unless strict, the original's fields. */
export function toResult(execution: Execution, { isStrict }: Pick<Peer, "isStrict">): object {
  const { executionId, durationMs } = summarise(execution);
  return { ...execution, executionId, ...(isStrict ? {} : { durationMs }) };
}

/** Whether a command's result is an execution. */
export function isExecution(result: unknown): result is Execution {
  return typeof result === "object" && result !== null && "outcome" in result && "usage" in result;
}

/** The answer of `execution.status`. */
export function toStatus(report: ExecutionReport): ExecutionState {
  switch (report.status) {
    case "ended": {
      const { stdout, stderr, createdAt, runtime, denials } = report.execution;
      return {
        ...{ ...summarise(report.execution), stdout, stderr, runtime, denials },
        ...{ ...occasionalFields(report.execution), createdAt },
      };
    }
    case "failed":
      return { ...unfinished(report.id, report.status), stdout: "", stderr: "", ...describeFailure(report.error) };
    case "queued":
    case "running": {
      const { id, status, stdout, stderr, createdAt } = report;
      return { ...unfinished(id, status), stdout, stderr, createdAt };
    }
  }
}

/** The fields that only some executions have. */
function occasionalFields(
  { attempts, denialsOmitted, notes, outputFiles, outputFilesOmitted, selection, truncated, truncatedAt }: Execution,
): Partial<ExecutionState> {
  return {
    ...(denialsOmitted === undefined ? {} : { denialsOmitted }),
    ...(notes === undefined ? {} : { notes }),
    ...(truncatedAt === undefined ? {} : { truncated, truncatedAt }),
    ...(outputFiles === undefined ? {} : { outputFiles }),
    ...(outputFilesOmitted === undefined ? {} : { outputFilesOmitted }),
    ...(selection === undefined ? {} : { selection }),
    ...(attempts === undefined ? {} : { attempts }),
  };
}

/** Describes a failure of the service, without the text of an internal error. */
export function toFailure(error: unknown): { readonly error: string; readonly code: ErrorCode } {
  return error instanceof CodeBeakerError ? describeFailure(error) : { error: "Internal error", code: "internal" };
}

/** The answer of `execution.status` for an unknown id. */
export function toMissing(executionId: string): ExecutionState {
  return { ...unfinished(executionId, "not_found"), stdout: "", stderr: "" };
}

function describeFailure({ code, message }: Failure): { readonly error: string; readonly code: ErrorCode } {
  return { error: code === "internal" ? "Internal error" : message, code };
}

function unfinished<Status extends ExecutionState["status"]>(executionId: string, status: Status) {
  return { executionId, status, exitCode: null, durationMs: null, timeout: false, outcome: null };
}
