import type { Problem } from "./types.ts";

/**
 * The identity of an error. Beside the codes of the service, the client has its own.
 *
 * - `unreachable`: no answer came, the connection was cut, or the service was silent for too long
 * - `bad_answer`: the answer is not one of CodeBeaker, as the page of a proxy
 * - `stream_lost`: the events of a program broke off, and could not be taken up again; or a stream of the AI SDK's
 *   sandbox misses bytes
 */
export type ErrorCode = Problem["code"] | "unreachable" | "bad_answer" | "stream_lost";

/** What is known of an error beside its code and message. */
export interface ErrorFacts {
  readonly cause?: unknown;
  /** The HTTP status, where there was an answer. */
  readonly status?: number;
  /** The service's own account of the error (RFC 9457). */
  readonly problem?: Problem;
  /** When the same request may pass, in ms; absent where waiting does not help. */
  readonly retryAfterMs?: number;
}

/** The only error class of this package. It never means that a program failed: that is a result. */
export class CodeBeakerError extends Error {
  override readonly name = "CodeBeakerError";
  readonly code: ErrorCode;
  readonly status: number | undefined;
  readonly problem: Problem | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, "cause" in facts ? { cause: facts.cause } : undefined);
    this.code = code;
    this.status = facts.status;
    this.problem = facts.problem;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** Makes the error of a problem that the service reports. Its own wait goes before that of the facts. */
export function toError(problem: Problem, facts: ErrorFacts = {}): CodeBeakerError {
  const { code, detail, retryAfterMs, status } = problem;
  return new CodeBeakerError(code, detail, {
    status,
    ...facts,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    problem,
  });
}

/** Waits for work, and ignores errors with these codes. What it ends has ended already. */
export async function forgive(work: Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<void> {
  await work.catch((error) => {
    if (!codes.some((code) => hasCode(error, code))) throw error;
  });
}

/** Whether a thrown value is an error of this package with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is CodeBeakerError {
  return error instanceof CodeBeakerError && error.code === code;
}
