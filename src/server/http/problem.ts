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

/** Translates an error to a problem. Any but {@link CodeBeakerError} is logged whole and sent as "Internal error". */
export function toProblem(error: unknown, requestId: string): Problem {
  const known = error instanceof CodeBeakerError
    ? error
    : new CodeBeakerError("internal", "Internal error", { cause: error });
  if (known.code === "internal") log.error("request.internal_error", { requestId, error: describe(error) });
  return failureProblem(known, requestId);
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

/** Answers with a problem. Its status is the one that a handler has set, else that of its code. */
export function sendProblem(context: Context<AppEnv>, error: unknown): Response {
  const known = toProblem(error, context.get("requestId"));
  const problem = { ...known, status: context.get("problemStatus") ?? known.status };
  if (problem.retryAfterMs !== undefined) context.header("retry-after", String(Math.ceil(problem.retryAfterMs / 1000)));
  return context.body(JSON.stringify(problem), problem.status, { "content-type": "application/problem+json" });
}

/** An error with its causes, for the log. */
function describe(error: unknown): string {
  return Deno.inspect(error, { depth: 4 });
}
