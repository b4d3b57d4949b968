import type { Context } from "hono";
import type { Answer } from "../../core/answers/answer.ts";
import type { problemSchema } from "../../core/answers/problem.ts";
import { ERROR_KINDS } from "../../core/answers/vocabulary.ts";
import { CodeBeakerError, type ErrorCode, type Failure } from "../../core/errors.ts";
import { log } from "../../log.ts";
import type { AppEnv } from "./app_env.ts";

/** An error on the wire (RFC 9457). */
export type Problem = Answer<typeof problemSchema> & {
  readonly status: (typeof ERROR_KINDS)[ErrorCode]["status"];
};

/** Translates an error to a problem, as {@link toFailure} does to a failure. */
export function toProblem(error: unknown, requestId: string): Problem {
  return failureProblem(toFailure(error, requestId), requestId);
}

/** Translates an error to a failure. An internal one is logged whole, and its message is "Internal error". */
export function toFailure(error: unknown, requestId: string): CodeBeakerError {
  if (error instanceof CodeBeakerError && error.code !== "internal") return error;
  log.error("request.internal_error", { requestId, error: describe(error) });
  return new CodeBeakerError("internal", "Internal error");
}

/** Translates a recorded failure to a problem, without logging it again. */
export function failureProblem({ code, message, details }: Failure, requestId: string): Problem {
  const { status, title } = ERROR_KINDS[code];
  return {
    type: `urn:codebeaker:error:${code}`,
    title,
    status,
    code,
    detail: code === "internal" ? "Internal error" : message,
    requestId,
    ...(code === "internal" ? {} : details),
  };
}

/** A problem as the answer to a request. */
export interface AnsweredProblem extends Omit<Problem, "status"> {
  readonly status: Problem["status"] | 200 | 405 | 426 | 502;
}

/**
 * Translates an error to the problem that answers a request. It sets the headers of the answer. The status is the one
 * that a handler has set, else that of the code.
 */
export function answerProblem(context: Context<AppEnv>, error: unknown): AnsweredProblem {
  const known = toProblem(error, context.get("requestId"));
  const { retryAfterMs } = known;
  if (retryAfterMs !== undefined) context.header("retry-after", String(Math.ceil(retryAfterMs / 1000)));
  return { ...known, status: context.get("problemStatus") ?? known.status };
}

/** Answers with a problem. */
export function sendProblem(context: Context<AppEnv>, error: unknown): Response {
  const problem = answerProblem(context, error);
  return context.body(JSON.stringify(problem), problem.status, { "content-type": "application/problem+json" });
}

/** An error with its causes, for the log. */
function describe(error: unknown): string {
  return Deno.inspect(error, { depth: 4 });
}
