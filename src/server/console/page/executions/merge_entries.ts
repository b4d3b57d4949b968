import type { executionEntrySchema } from "../../../../core/answers/execution_report.ts";
import type { AnswerOf } from "../api/request.ts";

type Entry = AnswerOf<typeof executionEntrySchema>;

/**
 * Adds entries that were seen before behind the newest page of a listing. One that is not older than the whole page is
 * left out, since the listing has it no more.
 */
export function mergeEntries(newest: readonly Entry[], seen: readonly Entry[]): Entry[] {
  const last = newest.at(-1);
  if (last === undefined) return [];
  const known = new Set(newest.map(({ id }) => id));
  const older = seen.filter(({ createdAt, id }) => {
    if (known.has(id) || createdAt > last.createdAt) return false;
    known.add(id);
    return true;
  });
  return [...newest, ...older.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))];
}
