import type { executionEntrySchema } from "../../../../core/answers/execution_report.ts";
import type { AnswerOf } from "../api/request.ts";
import { describeOutcome, isGood } from "../result/outcome.ts";

/** An execution of a listing. */
export type Entry = AnswerOf<typeof executionEntrySchema>;

/** How an execution stands, in a word. */
export function OutcomeBadge({ entry: { outcome, status } }: { readonly entry: Entry }) {
  if (status === "queued") return <span class="badge badge-live">Waiting</span>;
  if (status === "running") return <span class="badge badge-live">Running</span>;
  if (outcome === undefined) return <span class="badge badge-bad">Not run</span>;
  return <span class={`badge ${isGood(outcome) ? "badge-good" : "badge-bad"}`}>{describeOutcome(outcome)}</span>;
}
