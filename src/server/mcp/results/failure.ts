import { type Problem, toProblem } from "../../http/problem.ts";

/** The result of a call that failed. The model reads why, and what to change. */
export interface FailedResult {
  readonly content: readonly [{ readonly type: "text"; readonly text: string }];
  readonly isError: true;
  /** The problem that the other interfaces answer with. */
  readonly _meta: { readonly "codebeaker/problem": Problem };
}

/** Translates an error of a caller or of the service. */
export function toFailure(error: unknown, requestId: string): FailedResult {
  const problem = toProblem(error, requestId);
  const { detail, errors = [], remedy, retryAfterMs } = problem;
  const unnamed = new Set(errors.map(({ path }) => path).filter((path) => !detail.includes(path)));
  const text = [
    /[.?!]$/.test(detail) ? detail : `${detail}.`,
    ...(unnamed.size === 0 ? [] : [`Fields: ${[...unnamed].join(", ")}.`]),
    ...(remedy === undefined ? [] : [`Remedy: ${remedy}.`]),
    ...(retryAfterMs === undefined ? [] : [`The same call may pass in ${retryAfterMs} ms.`]),
  ].join(" ");
  return { content: [{ type: "text", text }], isError: true, _meta: { "codebeaker/problem": problem } };
}
