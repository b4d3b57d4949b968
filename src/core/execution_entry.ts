import type { Failure } from "./errors.ts";
import type { Execution, Outcome, Usage } from "./execution.ts";

/** The states of an execution, as a client sees them. */
export const EXECUTION_STATUSES = ["queued", "running", "ended", "failed"] as const;

/** The state of an execution: `failed` when the service, and not its program, failed. */
export type ExecutionStatus = typeof EXECUTION_STATUSES[number];

/** An execution in a listing, without its output. */
export interface ExecutionEntry {
  readonly id: string;
  readonly status: ExecutionStatus;
  readonly language: string;
  readonly sessionId?: string;
  readonly contextId?: string;
  /** Present once its program may have begun. */
  readonly runtime?: string;
  readonly warm?: boolean;
  readonly outcome?: Outcome;
  readonly exitCode?: number | null;
  readonly usage?: Usage;
  /** Why the service could not run the program. */
  readonly error?: Pick<Failure, "code" | "message">;
  readonly createdAt: string;
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
