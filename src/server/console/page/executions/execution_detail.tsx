import { useEffect } from "preact/hooks";
import { useRun } from "../api/use_run.ts";
import { ResultPanel } from "../result/result_panel.tsx";
import { addressOf } from "../shell/route.ts";

/** One execution from its begin: what it printed, and prints, and how it ended. */
export function ExecutionDetail({ id }: { readonly id: string }) {
  const run = useRun();
  useEffect(() => {
    run.start(`/v1/executions/${encodeURIComponent(id)}/events`, { id });
  }, [id]);
  return (
    <div class="stack">
      <div class="detail-head">
        <code title={id}>{id}</code>
        {run.isBusy && <button type="button" class="button button-stop" onClick={run.stop}>Stop</button>}
        <a class="button button-quiet" href={addressOf("executions")}>Close</a>
      </div>
      <ResultPanel state={run.state} />
    </div>
  );
}
