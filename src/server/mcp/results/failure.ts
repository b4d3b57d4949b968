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
  const { attempts: _attempts, detail, errors = [], languages, remedy, retryAfterMs, selection: _selection } = problem;
  const unnamed = errors.map(({ path }) => path).filter((path) => !detail.includes(path));
  const text = [
    /[.?!]$/.test(detail) ? detail : `${detail}.`,
    ...(unnamed.length === 0 ? [] : [`Fields: ${unnamed.join(", ")}.`]),
    ...(languages === undefined ? [] : [`Languages: ${languages.join(", ")}.`]),
    ...(remedy === undefined ? [] : [`Remedy: ${remedy}.`]),
    ...(retryAfterMs === undefined ? [] : [`The same call may pass in ${retryAfterMs} ms.`]),
  ].join(" ");
  return { content: [{ type: "text", text }], isError: true, _meta: { "codebeaker/problem": problem } };
}
