import { formatMs, formatTime } from "../parts/format.ts";
import { type Entry, OutcomeBadge } from "../parts/outcome_badge.tsx";
import { addressOf } from "../shell/route.ts";

/** Properties of the table. */
export interface ExecutionTableProps {
  readonly entries: readonly Entry[];
  /** The id of the one that is shown beside. */
  readonly chosen?: string | undefined;
  /** Whether there is little room. */
  readonly isNarrow?: boolean;
}

/** Executions, one a row. */
export function ExecutionTable({ chosen, entries, isNarrow = false }: ExecutionTableProps) {
  const now = Date.now();
  return (
    <div class="scroll">
      <table class={isNarrow ? "table table-narrow" : "table"}>
        <thead>
          <tr>
            <th scope="col" class="outcome">Outcome</th>
            <th scope="col">Language</th>
            <th scope="col" class="mid">Runtime</th>
            <th scope="col" class="preview mid">Program</th>
            <th scope="col" class="number wide">Start-up</th>
            <th scope="col" class="number mid">Run time</th>
            <th scope="col" class="number time">Begun</th>
            <th scope="col" class="wide widest">Id</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.id} class={entry.id === chosen ? "chosen" : undefined}>
              <td>
                <a
                  class="row-link"
                  href={addressOf("executions", entry.id)}
                  aria-current={entry.id === chosen ? "true" : undefined}
                >
                  <OutcomeBadge entry={entry} />
                </a>
              </td>
              <td>
                {entry.language}
                {entry.preview !== undefined && <code class="preview-below">{entry.preview}</code>}
              </td>
              <td class="mid">{entry.runtime ?? "–"}</td>
              <td class="preview mid">{entry.preview !== undefined && <code>{entry.preview}</code>}</td>
              <td class="number wide">{entry.usage === undefined ? "–" : formatMs(entry.usage.startupMs)}</td>
              <td class="number mid">{entry.usage === undefined ? "–" : formatMs(entry.usage.wallMs)}</td>
              <td class="number time">{formatTime(entry.createdAt, now)}</td>
              <td class="wide widest">
                <code>{entry.id}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
