import { createRequire } from "node:module";
import { assertEquals } from "@std/assert";

const { describe, failureOf } = createRequire(import.meta.url)("../../../../src/runtimes/isolate/host/errors.cjs");
const originalOf = (url: string, line: string, column: string) => `${url.length}:${line}:${column}`;

function syntaxError(message: string): SyntaxError {
  const error = new SyntaxError(message);
  error.stack = `SyntaxError: ${message}`;
  return error;
}

Deno.test("describe() puts the place of an error of syntax below its message", () => {
  const error = syntaxError("no [file:///x]: here [file:///workspace/a.js:3:7]\nmore");
  const message = "SyntaxError: no [file:///x]: here";
  assertEquals(describe(error, { originalOf }), `${message}\n    at file:///workspace/a.js:22:3:7\nmore`);
  assertEquals(failureOf(error, originalOf).message, "no [file:///x]: here\nmore");
  assertEquals(describe(syntaxError("plain"), { originalOf }), "SyntaxError: plain");
  assertEquals(describe(syntaxError("a\nb [file:///x:1:2]"), { originalOf }), "SyntaxError: a\nb [file:///x:1:2]");
});

Deno.test("describe() searches a text that is made of beginnings of places once, and not once for each", () => {
  const message = " [file:".repeat(500_000);
  assertEquals(describe(syntaxError(message), { originalOf }).length, "SyntaxError: ".length + message.length);
});
