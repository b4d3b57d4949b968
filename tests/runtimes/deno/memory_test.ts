import { assertEquals } from "@std/assert";
import { MEMORY_ENDINGS } from "../../../src/runtimes/deno/memory.ts";
import { ChildStderr } from "../../../src/runtimes/process/child_stderr.ts";

const ABORTED: Deno.CommandStatus = { success: false, code: 133, signal: "SIGTRAP" };
const FAILED: Deno.CommandStatus = { success: false, code: 1, signal: null };

/** Whether a program ran out of memory that printed some words, divided at a place, and ended so. */
function isOutOfMemory(words: string, at: number, status: Deno.CommandStatus): boolean {
  const stderr = new ChildStderr({ shownTexts: {}, memoryEndings: MEMORY_ENDINGS });
  for (const part of [words.slice(0, at), words.slice(at)]) stderr.push(new TextEncoder().encode(part));
  return stderr.isOutOfMemory(status);
}

Deno.test("MEMORY_ENDINGS recognize V8's last words, also where a chunk divides them", () => {
  for (
    const words of [
      "# Fatal JavaScript out of memory: Reached heap limit",
      "# Fatal process out of memory: x",
      "memory allocation of 99 bytes failed",
    ]
  ) {
    for (let at = 0; at <= words.length; at++) {
      assertEquals([words, isOutOfMemory(words, at, ABORTED)], [words, true]);
      assertEquals([words, isOutOfMemory(words, at, { ...ABORTED, signal: "SIGABRT" })], [words, true]);
    }
    assertEquals([words, isOutOfMemory(words, 0, FAILED)], [words, false]);
    assertEquals([words, isOutOfMemory(words, 0, { ...ABORTED, signal: "SIGKILL" })], [words, false]);
  }
  assertEquals(isOutOfMemory("at file:///tmp/w/main.ts:3:1", 0, ABORTED), false);
});

Deno.test("MEMORY_ENDINGS recognize a program that did not catch a refusal of memory", () => {
  const table: [string, boolean][] = [
    ["error: Uncaught (in promise) RangeError: Array buffer allocation failed\n", true],
    ["error: Uncaught RangeError: WebAssembly.Memory(): could not allocate memory\n", true],
    ["error: Uncaught RangeError: WebAssembly.Memory.grow(): Unable to grow instance memory\n", true],
    ["error: Uncaught RangeError: WebAssembly.Memory.grow(): Maximum memory size exceeded\n", false],
    ["RangeError: Array buffer allocation failed\n", false],
    ["error: Uncaught RangeError: Invalid string length\n", false],
  ];
  for (const [words, expected] of table) {
    assertEquals([words, isOutOfMemory(words, 40, FAILED)], [words, expected]);
    assertEquals([words, isOutOfMemory(words, 40, { ...FAILED, code: 2 })], [words, false]);
  }
});
