import { useEffect, useRef, useState } from "preact/hooks";
import type { executionPageSchema } from "../../../../core/answers/execution_report.ts";
import type { ExecutionStatus } from "../../../../core/execution_entry.ts";
import { type AnswerOf, type Problem, sendForJson, toProblem } from "../api/request.ts";
import { Choice } from "../parts/fields.tsx";
import type { Entry } from "../parts/outcome_badge.tsx";
import { ProblemNote } from "../parts/problem_note.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { useAnswer } from "../parts/use_answer.ts";
import { ExecutionDetail } from "./execution_detail.tsx";
import { ExecutionTable } from "./execution_table.tsx";
import { mergeEntries } from "./merge_entries.ts";

type Listing = AnswerOf<typeof executionPageSchema>;

const EVERY_MS = 3_000;
const PAGE_SIZE = 25;
/** Time without a key press after which a text is searched for, in ms. */
const SETTLED_MS = 250;

const FILTERS: readonly (readonly [ExecutionStatus | "all", string])[] = [
  ["all", "All"],
  ["running", "Running"],
  ["ended", "Ended"],
  ["failed", "Not run"],
];

/** The latest executions, and one of them in full. */
export function ExecutionsPage({ id, isVisible }: { readonly isVisible: boolean; readonly id?: string | undefined }) {
  const [status, setStatus] = useState<ExecutionStatus | "all">("all");
  const [search, setSearch] = useState("");
  const text = useSettled(search.trim(), SETTLED_MS);
  const path = `/v1/executions?limit=${PAGE_SIZE}${status === "all" ? "" : `&status=${status}`}${
    text === "" ? "" : `&q=${encodeURIComponent(text)}`
  }`;
  const { answer, problem } = useAnswer<Listing>(path, { everyMs: EVERY_MS, isOn: isVisible });
  const older = useOlder(path);
  const shown = useRef<{ readonly path: string; readonly entries: readonly Entry[] }>({ path, entries: [] });
  const cursor = older.cursor ?? answer?.nextCursor;
  const newest = answer?.executions ?? [];
  const before = older.wasAsked && shown.current.path === path ? shown.current.entries : [];
  const entries = mergeEntries(newest, [...before, ...older.entries]);
  shown.current = { path, entries };
  return (
    <>
      <div class="page-head">
        <h1>Executions</h1>
        <input
          type="search"
          class="search"
          aria-label="Search executions"
          placeholder="Search"
          maxLength={200}
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <Choice isBare label="Show" value={status} options={FILTERS} onChange={(chosen) => setStatus(chosen)} />
      </div>
      {problem !== undefined && <ProblemNote problem={problem} />}
      {older.problem !== undefined && <ProblemNote problem={older.problem} />}
      <div class={id === undefined ? "stack" : "columns"}>
        <section class="card" aria-label="List">
          {answer === undefined && problem === undefined && entries.length === 0 && <Skeleton rows={6} />}
          {answer !== undefined && entries.length === 0 && (
            <p class="empty">{text === "" ? "There are none." : "None has this text."}</p>
          )}
          {entries.length > 0 && <ExecutionTable entries={entries} chosen={id} isNarrow={id !== undefined} />}
          {cursor !== undefined && !older.isWhole && (
            <p class="card-foot">
              <button type="button" class="button" onClick={() => older.load(cursor)}>Show older ones</button>
            </p>
          )}
        </section>
        {id !== undefined && <ExecutionDetail key={id} id={id} />}
      </div>
    </>
  );
}

/** A value that has not changed for some time. */
function useSettled(value: string, settledMs: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), settledMs);
    return () => clearTimeout(timer);
  }, [value, settledMs]);
  return settled;
}

/** The older pages of a listing, as far as they were asked for. */
function useOlder(path: string) {
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  const [cursor, setCursor] = useState<string>();
  const [isWhole, setIsWhole] = useState(false);
  const [wasAsked, setWasAsked] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    setEntries([]);
    setCursor(undefined);
    setIsWhole(false);
    setWasAsked(false);
  }, [path]);
  async function load(from: string): Promise<void> {
    setWasAsked(true);
    try {
      const page = await sendForJson<Listing>(`${path}&cursor=${encodeURIComponent(from)}`);
      setEntries((last) => [...last, ...page.executions]);
      setCursor(page.nextCursor);
      setIsWhole(page.nextCursor === undefined);
      setProblem(undefined);
    } catch (error) {
      setProblem(toProblem(error));
    }
  }
  return { entries, cursor, isWhole, wasAsked, problem, load };
}
