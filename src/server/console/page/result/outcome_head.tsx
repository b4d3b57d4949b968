import { useEffect, useState } from "preact/hooks";
import type { Execution } from "../../../../core/execution.ts";
import type { RunState } from "../api/run_state.ts";
import { formatMs } from "../parts/format.ts";
import { describeOutcome, isGood } from "./outcome.ts";

const TICK_MS = 100;

/** How the execution goes, or went. */
export function OutcomeHead({ state }: { readonly state: RunState }) {
  const { execution, phase, runtime } = state;
  return (
    <header class="result-head" aria-live="polite">
      <h2>
        {phase === "waiting" && <span class="badge badge-live">Waiting</span>}
        {phase === "running" && <span class="badge badge-live">Running</span>}
        {phase === "failed" && <span class="badge badge-bad">Not run</span>}
        {phase === "lost" && <span class="badge badge-bad">Connection lost</span>}
        {execution !== undefined && (
          <span class={`badge ${isGoodInAll(execution) ? "badge-good" : "badge-bad"}`}>{describeEnd(execution)}</span>
        )}
      </h2>
      {runtime !== undefined && (
        <span class="muted">
          on <strong>{runtime}</strong>
        </span>
      )}
      <div class="spacer" />
      {phase === "running" && <Elapsed />}
      {execution !== undefined && <span class="figure">{formatMs(execution.usage.wallMs)}</span>}
    </header>
  );
}

/** Whether a program did what it was asked to, in each of its tests. */
function isGoodInAll({ outcome, tests = [] }: Execution): boolean {
  return isGood(outcome) && tests.every(({ verdict }) => verdict === "accepted");
}

function describeEnd({ outcome, tests }: Execution): string {
  if (tests === undefined || outcome.kind === "compile_failed") return describeOutcome(outcome);
  const accepted = tests.filter(({ verdict }) => verdict === "accepted");
  return `${accepted.length} of ${tests.length} tests accepted`;
}

function Elapsed() {
  const [ms, setMs] = useState(0);
  useEffect(() => {
    const startedAt = performance.now();
    const timer = setInterval(() => setMs(performance.now() - startedAt), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return <span class="figure" aria-hidden="true">{(ms / 1_000).toFixed(1)} s</span>;
}
