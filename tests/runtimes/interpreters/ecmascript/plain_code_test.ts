import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Script } from "node:vm";
import { stripTypes } from "../../../../src/runtimes/deno/interpreter/types.js";
import { isPlain } from "../../../../src/runtimes/interpreters/ecmascript/plain_code.js";

const PLAIN = ["", "n = n + 1", "a.b(c, 'd\"e')[0].f", 'log("x", 1.5)\n-2', "new A()", "a === b & ~c"];
const OTHERS = [
  ...["let a", "a as b", "f<A>()", "a!", "a ? b : c", "type A = b", "await a", "a => b", "`a`", "a / b", "{ a }"],
  ...[
    "010",
    "1_0",
    "1.a",
    "'a\\n'",
    "'a",
    "eval = 1",
    "f() = 1",
    "f()++",
    "f() += 1",
    "abstract\na",
    "x".repeat(1_001),
  ],
];

/** Pieces of which any row is plain code, or no code. */
const PIECES = [
  ...[
    "a",
    "$b_1",
    "this",
    "new",
    "null",
    "typeof",
    "1",
    "0.5",
    '"c"',
    "'d'",
    "(",
    ")",
    "[",
    "]",
    ".",
    ",",
    ";",
    "=",
    "+",
    "-",
  ],
  ...["*", "**", "==", "===", "&", "&&", "|", "||", "^", "~", "%", "...", "+=", "&&=", "\n", " "],
];

Deno.test("isPlain() knows code that certainly has no types", () => {
  assertEquals(PLAIN.filter((source) => !isPlain(source)), []);
  assertEquals(OTHERS.filter(isPlain), []);
});

Deno.test("plain code stays as it is when types are stripped, or is what the engine refuses as well", () => {
  const rows = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join(" "));
  fc.assert(
    fc.property(rows.filter(isPlain), (source) => {
      const stripped = strip(source);
      if (stripped === undefined) assertThrows(() => new Script(source), SyntaxError);
      else assertEquals(stripped, source);
    }),
    { numRuns: 3_000 },
  );
});

function strip(source: string): string | undefined {
  try {
    return stripTypes(source);
  } catch {
    return undefined;
  }
}
