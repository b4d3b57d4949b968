import { assert, assertEquals } from "@std/assert";
import { StderrFilter } from "../../../src/runtimes/deno/stderr_filter.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("StderrFilter hides paths of the host", () => {
  const filter = new StderrFilter({ "/tmp/w": "/workspace" });
  const shown = new TextDecoder().decode(filter.push(bytes("at file:///tmp/w/main.ts:3:1")));
  assertEquals([shown, filter.sawOutOfMemory], ["at file:///workspace/main.ts:3:1", false]);
});

Deno.test("StderrFilter notes V8's last words, also where a chunk divides them", () => {
  for (
    const words of [
      "# Fatal JavaScript out of memory: Reached heap limit",
      "# Fatal process out of memory: x",
      "memory allocation of 99 bytes failed",
    ]
  ) {
    for (let at = 0; at <= words.length; at++) {
      const filter = new StderrFilter({});
      filter.push(bytes(words.slice(0, at)));
      filter.push(bytes(words.slice(at)));
      assertEquals([words, filter.sawOutOfMemory], [words, true]);
    }
  }
});

Deno.test("StderrFilter notes that a program was refused memory and did not catch it", () => {
  const table: [string, boolean][] = [
    ["error: Uncaught (in promise) RangeError: Array buffer allocation failed\n", true],
    ["error: Uncaught RangeError: WebAssembly.Memory(): could not allocate memory\n", true],
    ["error: Uncaught RangeError: WebAssembly.Memory.grow(): Unable to grow instance memory\n", true],
    ["error: Uncaught RangeError: WebAssembly.Memory.grow(): Maximum memory size exceeded\n", false],
    ["RangeError: Array buffer allocation failed\n", false],
    ["error: Uncaught RangeError: Invalid string length\n", false],
  ];
  for (const [words, expected] of table) {
    const filter = new StderrFilter({});
    filter.push(bytes(words.slice(0, 40)));
    filter.push(bytes(words.slice(40)));
    assertEquals([words, filter.sawRefusedMemory], [words, expected]);
  }
});

Deno.test("StderrFilter takes the program's own word of its end out of what is shown, also where a chunk divides it", () => {
  const said = "before\0\x07\x01\0after";
  for (let at = 0; at <= said.length; at++) {
    const filter = new StderrFilter({});
    const shown = [filter.push(bytes(said.slice(0, at))), filter.push(bytes(said.slice(at))), filter.flush()]
      .map((part) => new TextDecoder().decode(part)).join("");
    assertEquals([at, shown, filter.sawExit], [at, "beforeafter", true]);
  }
});

Deno.test("StderrFilter has seen no end where none was told, and says when it has seen all", async () => {
  const filter = new StderrFilter({});
  let hasEnded = false;
  const ended = filter.ended.then(() => hasEnded = true);
  filter.push(bytes("\0\x07\0 \0\x07\x01"));
  await Promise.resolve();
  assert(!hasEnded && !filter.sawExit);
  filter.flush();
  await ended;
  assertEquals(filter.sawExit, false);
});
