import { assertEquals } from "@std/assert";
import { readLastWords } from "../../../src/runtimes/deno/last_words.ts";

Deno.test("readLastWords() finds what Deno itself reports at the end, of modules and of Workers", () => {
  const said = [
    "an own line",
    'error: Requires import access to "a.com:443", run again',
    "    at file:///w/main.ts:1:8",
    'error: Uncaught (in worker "") (in promise) NotCapable: Requires read access to "/x", run again',
    "error: Uncaught Error: other",
    "",
  ].join("\n");
  const expected = [
    'Requires import access to "a.com:443", run again',
    'Requires read access to "/x", run again',
    "other",
  ];
  assertEquals(readLastWords(said).map(({ message }) => message), expected);
  assertEquals(
    readLastWords(`${"error: flood\n".repeat(100)}${said}`).slice(-3).map(({ message }) => message),
    expected,
  );
  assertEquals(readLastWords("error: flood\n".repeat(100)).length, 20);
  assertEquals(readLastWords(`error: ${"x".repeat(600)}`), []);
});
