import type { Problem } from "../api/request.ts";

/** An error answer: what is wrong, and what to do. */
export function ProblemNote({ problem }: { readonly problem: Problem }) {
  const { detail, remedy, requestId, retryAfterMs, title } = problem;
  const errors = problem.errors?.filter(({ message }) => !detail.includes(message)) ?? [];
  return (
    <div class="note note-bad" role="alert">
      <h3>{title}</h3>
      <p>{detail}</p>
      {errors.length > 0 && (
        <ul>
          {errors.map(({ message, path }) => <li key={path}>{path !== "" && <code>{path}</code>} {message}</li>)}
        </ul>
      )}
      {remedy !== undefined && <p>{remedy}</p>}
      {retryAfterMs !== undefined && <p>The same request may pass in {Math.ceil(retryAfterMs / 1_000)} s.</p>}
      {requestId !== "" && (
        <p class="hint">
          Request <code>{requestId}</code>
        </p>
      )}
    </div>
  );
}
