import { assertEquals } from "@std/assert";
import { MEMORY_ENDINGS as BUN } from "../../../src/runtimes/bun/spec.ts";
import { MEMORY_ENDINGS as DENO } from "../../../src/runtimes/deno/memory.ts";
import { LANGUAGES } from "../../../src/runtimes/native/languages/mod.ts";
import { MEMORY_ENDINGS as NODE } from "../../../src/runtimes/node/spec.ts";
import { ChildStderr } from "../../../src/runtimes/process/child_stderr.ts";
import type { MemoryEnding } from "../../../src/runtimes/process/spec.ts";

const ABORTED: Deno.CommandStatus = { success: false, code: 134, signal: "SIGABRT" };
const TRAPPED: Deno.CommandStatus = { success: false, code: 133, signal: "SIGTRAP" };
const FAILED: Deno.CommandStatus = { success: false, code: 1, signal: null };

interface Row {
  readonly memoryEndings: readonly MemoryEnding[];
  readonly words: string;
  readonly status: Deno.CommandStatus;
}

/** What each wrote as it ran out of memory, and how it ended. */
const ROWS: readonly Row[] = [
  {
    memoryEndings: NODE,
    words: "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    status: ABORTED,
  },
  {
    memoryEndings: NODE,
    words: "# Fatal process out of memory: Failed to reserve virtual memory for CodeRange",
    status: TRAPPED,
  },
  { memoryEndings: NODE, words: "RangeError: Array buffer allocation failed", status: FAILED },
  { memoryEndings: NODE, words: "Error [ERR_WORKER_OUT_OF_MEMORY]: Worker terminated", status: FAILED },
  { memoryEndings: BUN, words: "ASSERTION FAILED: MemoryExhaustion", status: TRAPPED },
  { memoryEndings: BUN, words: "oh no: Bun has run out of memory.", status: ABORTED },
  { memoryEndings: BUN, words: "memory allocation of 32 bytes failed", status: ABORTED },
  { memoryEndings: BUN, words: "RangeError: Out of memory", status: FAILED },
];

for (const { memoryEndings, status, words } of ROWS) {
  Deno.test(`MEMORY_ENDINGS recognize "${words}" where the program ends so`, () => {
    const isOutOfMemory = (text: string, ended: Deno.CommandStatus) => {
      const stderr = new ChildStderr({ shownTexts: {}, memoryEndings });
      stderr.push(new TextEncoder().encode(text));
      return stderr.isOutOfMemory(ended);
    };
    assertEquals(isOutOfMemory(words, status), true);
    assertEquals(isOutOfMemory("some other text", status), false);
    assertEquals(isOutOfMemory(words, { success: false, code: 7, signal: null }), false);
  });
}

Deno.test("MEMORY_ENDINGS repeat nothing without bound but digits: a hostile program chooses the text that they search", () => {
  const native = Object.values(LANGUAGES).flatMap(({ memoryEndings }) => memoryEndings);
  const sources = [...BUN, ...DENO, ...NODE, ...native].map(({ pattern }) => pattern.source);
  assertEquals(sources.filter((source) => /[*+]|\{\d+,\}/.test(source.replaceAll("\\d+", ""))), []);
});
