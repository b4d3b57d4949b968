import type { AnswerOf } from "../api/request.ts";
import type { percentilesSchema } from "../../../../core/answers/runtime.ts";
import { formatMs } from "../parts/format.ts";
import type { Activity } from "./series.ts";

type Percentiles = AnswerOf<typeof percentilesSchema>;

/** What each runtime did in the last minutes, in figures. */
export function RuntimeTable({ activity: { runtimes } }: { readonly activity: Activity }) {
  return (
    <div class="scroll" tabindex={0} role="group" aria-label="Figures of each runtime">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Runtime</th>
            <th scope="col" class="number">Ended</th>
            <th scope="col" class="number pair">
              Start-up <span>p50 / p95</span>
            </th>
            <th scope="col" class="number pair">
              Run time <span>p50 / p95</span>
            </th>
            <th scope="col" class="number wide">Warm now</th>
            <th scope="col" class="number wide">Started warm</th>
          </tr>
        </thead>
        <tbody>
          {runtimes.map(({ executions, pool, runtime, startupMs, wallMs }) => (
            <tr key={runtime}>
              <th scope="row">{runtime}</th>
              <td class="number">{executions}</td>
              <td class="number pair">{show(startupMs)}</td>
              <td class="number pair">{show(wallMs)}</td>
              <td class="number wide">{pool?.ready ?? "–"}</td>
              <td class="number wide">{pool === undefined ? "–" : shareOf(pool.hits, pool.misses)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function show({ p50, p95 }: Percentiles) {
  if (p50 === null || p95 === null) return "–";
  return (
    <>
      {formatMs(p50)} <span class="muted">/ {formatMs(p95)}</span>
    </>
  );
}

function shareOf(hits: number, misses: number): string {
  return hits + misses === 0 ? "–" : `${Math.round(100 * hits / (hits + misses))} %`;
}
