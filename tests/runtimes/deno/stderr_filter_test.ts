import { assertEquals } from "@std/assert";
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
