import "../../../../src/runtimes/deno/interpreter/deno_host.js";
import { assertEquals, assertMatch } from "@std/assert";
import { describe } from "../../../../src/runtimes/interpreters/ecmascript/failures.js";

const BOUNDS = { maxTextLength: 1_000 };

function thrower(): never {
  throw new Error("no");
}

Deno.test("describe() tells the name, the message and the stack of an error", () => {
  const { error, uncaught } = describe(new RangeError("far\nout", { cause: new Error("inner") }), BOUNDS);
  assertEquals([error.name, error.message, error.traceback], ["RangeError", "far\nout", uncaught]);
  assertMatch(error.traceback, /^RangeError: far\nout\n {4}at .*\[cause\]: Error: inner\n/s);
  class OwnError extends Error {
    override name = "Own";
  }
  assertEquals(describe(new OwnError("x"), BOUNDS).error.name, "Own");
});

Deno.test("describe() tells what is thrown and is no error", () => {
  const table = [["text", "text"], [42, "42"], [undefined, "undefined"], [
    { message: "m" },
    '{ message: "m" }',
  ]] as const;
  for (const [thrown, message] of table) {
    assertEquals(describe(thrown, BOUNDS).error, { name: "Uncaught", message, traceback: message });
  }
});

Deno.test("describe() bounds every text, and tells of errors whose parts cannot be read", () => {
  const { error } = describe(new Error("x".repeat(10_000_000)), BOUNDS);
  assertEquals([error.message.length < 1_000, error.traceback.length < 1_000], [true, true]);
  assertMatch(error.traceback, /^Error: x+\n\[… \d+ bytes are left out here …\]\n/);
  const hidden = Object.defineProperty(new Error(), "message", { get: thrower });
  assertEquals(describe(hidden, BOUNDS).error.message, "[a message that cannot be read]");
  const named = Object.assign(new Error("m"), { name: "n".repeat(1_000) });
  assertEquals(describe(named, BOUNDS).error.name.length < 256, true);
  for (const trap of ["get", "getPrototypeOf", "ownKeys"]) {
    const proxy = new Proxy(new Error("m"), { [trap]: thrower });
    const place = { name: "cell_1", lineNumber: 0, columnNumber: 0 };
    assertEquals(typeof describe(proxy, { ...BOUNDS, place }).uncaught, "string");
  }
});
