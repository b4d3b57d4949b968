import { assertEquals } from "@std/assert";
import { mergeEntries } from "../../../../../src/server/console/page/executions/merge_entries.ts";

type Entries = Parameters<typeof mergeEntries>[0];

/** Entries that differ in id and time alone: one second of the minute for each. */
function entriesOf(...seconds: readonly number[]): Entries {
  return seconds.map((second) => ({
    id: `exec_${second}`,
    status: "running",
    language: "some",
    createdAt: new Date(second * 1_000).toISOString(),
  }));
}

Deno.test("mergeEntries() keeps what new entries pushed off the page, each once, newest first", () => {
  const idsOf = (newest: Entries, seen: Entries) => mergeEntries(newest, seen).map(({ id }) => id);
  assertEquals(idsOf(entriesOf(9, 8), entriesOf(8, 7, 5, 6, 5)), ["exec_9", "exec_8", "exec_7", "exec_6", "exec_5"]);
  assertEquals(idsOf(entriesOf(9, 7), entriesOf(8, 6)), ["exec_9", "exec_7", "exec_6"]); // The listing lost one.
  assertEquals(idsOf([], entriesOf(1)), []);
});
