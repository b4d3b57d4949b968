import type { Answer } from "./answers/answer.ts";
import type { executionEntrySchema } from "./answers/execution_report.ts";
import type { Failure } from "./errors.ts";
import type { Execution } from "./execution.ts";

type WireEntry = Answer<typeof executionEntrySchema>;

/** The state of an execution: `failed` when the service, and not its program, failed. */
export type ExecutionStatus = WireEntry["status"];

/** An execution in a listing, without its output. On the wire, its error is a problem. */
export interface ExecutionEntry extends Omit<WireEntry, "error"> {
  /** Why the service could not run the program. */
  readonly error?: Pick<Failure, "code" | "message">;
}

/** The entry of an execution that has ended. */
export function entryOf(execution: Execution): ExecutionEntry {
  const { id, status, language, sessionId, contextId, runtime, warm, outcome, exitCode, usage, createdAt } = execution;
  return {
    id,
    status,
    language,
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(contextId === undefined ? {} : { contextId }),
    runtime,
    warm,
    outcome,
    exitCode,
    usage,
    createdAt,
  };
}

/** The entry of the same execution when the service could not run it. */
export function failedEntry(
  entry: ExecutionEntry,
  { code, message }: Pick<Failure, "code" | "message">,
): ExecutionEntry {
  const { id, language, sessionId, createdAt } = entry;
  return {
    id,
    status: "failed",
    language,
    ...(sessionId === undefined ? {} : { sessionId }),
    error: { code, message },
    createdAt,
  };
}
