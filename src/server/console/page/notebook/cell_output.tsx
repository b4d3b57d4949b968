import type { RunState } from "../api/run_state.ts";
import { ErrorBoundary } from "../parts/error_boundary.tsx";
import { formatMs } from "../parts/format.ts";
import { ProblemNote } from "../parts/problem_note.tsx";
import { describeOutcome, isGood } from "../result/outcome.ts";
import { Output } from "../result/output.tsx";
import { Bundle } from "./mime_bundle.tsx";

/** What a cell printed, displayed and returned. */
export function CellOutput({ state }: { readonly state: RunState }) {
  const { displays, execution, phase, pieces, problem } = state;
  if (phase === "idle") return null;
  return (
    <div class="cell-output">
      {pieces.length > 0 && <Output state={state} />}
      {displays.map((data, index) => (
        <ErrorBoundary key={index}>
          <Bundle data={data} />
        </ErrorBoundary>
      ))}
      {execution !== undefined && "value" in execution && (
        <ErrorBoundary key={execution.id}>
          <Value state={state} />
        </ErrorBoundary>
      )}
      {problem !== undefined && <ProblemNote problem={problem} />}
      {execution !== undefined && (
        <p class="cell-end hint">
          {!isGood(execution.outcome) && (
            <span class="badge badge-bad">
              {execution.error === undefined ? describeOutcome(execution.outcome) : execution.error.name}
            </span>
          )}
          {execution.contextLost === true && "The context is lost, with all its variables. The next cell begins anew."}
          {(execution.displaysOmitted ?? 0) > 0 && `${execution.displaysOmitted} displays were too long. `}
          <span class="spacer" />
          {formatMs(execution.usage.wallMs)}
        </p>
      )}
    </div>
  );
}

/** The value of the last expression. A MIME bundle is shown in its richest form. */
function Value({ state: { execution } }: { readonly state: RunState }) {
  if (execution === undefined) return null;
  const { text, value, valueType } = execution;
  if (valueType === "mime" && isBundle(value)) return <Bundle data={value} isValue />;
  return <pre class="value" tabindex={0} aria-label="Value">{text ?? JSON.stringify(value, undefined, 2)}</pre>;
}

function isBundle(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
