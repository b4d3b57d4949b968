import type { Context } from "hono";
import { CodeBeakerError, ERROR_KINDS, type ErrorCode, type ErrorDetails } from "../core/errors.ts";
import { log } from "../log.ts";

/** An error on the wire: RFC 9457. */
export interface Problem extends Omit<ErrorDetails, "languages"> {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly requestId: string;
  readonly languages?: readonly string[];
}

/** What went wrong as a problem; what is no {@link CodeBeakerError} is logged whole and told as "Internal error". */
export function toProblem(error: unknown, requestId: string): Problem {
  const known = error instanceof CodeBeakerError
    ? error
    : new CodeBeakerError("internal", "Internal error", { cause: error });
  const { status, title } = ERROR_KINDS[known.code];
  if (known.code === "internal") log.error("internal error", { requestId, error: describe(error) });
  const detail = known.code === "internal" ? "Internal error" : known.message;
  return {
    type: `urn:codebeaker:error:${known.code}`,
    title,
    status,
    code: known.code,
    detail,
    requestId,
    ...known.details,
  };
}

/** Answers with a problem. */
export function sendProblem(context: Context, error: unknown): Response {
  const problem = toProblem(error, context.get("requestId"));
  const retryAfter = problem.retryAfterMs === undefined
    ? {}
    : { "retry-after": String(Math.ceil(problem.retryAfterMs / 1000)) };
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", ...retryAfter },
  });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${describe(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
