import { assert, assertEquals } from "@std/assert";
import { CELL_REPORT, displayPieces, endPieces } from "../../src/runtimes/interpreters/ecmascript/reports.js";
import * as protocol from "../../src/core/child_protocol.ts";

// What a child writes, in the language in which it writes it, is what its parent reads.

function read(path: string): string {
  return Deno.readTextFileSync(new URL(`../../src/runtimes/${path}`, import.meta.url));
}

/** The constants of a child's module that are made of literals, by name. */
function constantsOf(source: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const [, name = "", literal = ""] of source.matchAll(/^(?:export )?const ([A-Z_]+) = (["`].*["`]);$/gm)) {
    const text = literal.slice(1, -1).replaceAll(/\$\{(\w+)\}/g, (_, other: string) => values.get(other) ?? "");
    values.set(
      name,
      text.replaceAll(/\\(?:x([0-9a-f]{2})|0)/g, (_, hex = "0") => String.fromCharCode(parseInt(hex, 16))),
    );
  }
  return values;
}

Deno.test("start.js writes the words of the child protocol", () => {
  const source = read("deno/start.js");
  const { ENDED, EXITS_BY_ITSELF, READY, REPORT } = protocol;
  assertEquals(Object.fromEntries(constantsOf(source)), { REPORT, READY, ENDED, EXITS_BY_ITSELF });
  assert(source.includes("write(encode(`${REPORT}${stringify(["), "A denial is a JSON array behind the report's begin");
  assertEquals(protocol.DENIED, `${protocol.REPORT}[`);
});

Deno.test("begin.js of modules writes the words of the child protocol, and reads the length before its orders", () => {
  const source = read("wasm/child/begin.js");
  const { ENDED, EXITS_BY_ITSELF, GO, READY, REPORT } = protocol;
  assertEquals(Object.fromEntries(constantsOf(source)), { REPORT, READY, ENDED, EXITS_BY_ITSELF });
  assert(
    source.includes("print(stderr, `${REPORT}${JSON.stringify(["),
    "A denial is a JSON array behind the report's begin",
  );
  assertEquals(GO.length, 1); // It reads one byte.
  const digits = (text: string) => /^const LENGTH_DIGITS = (\d+);$/m.exec(text)?.[1];
  assertEquals(digits(source), digits(read("wasm/launch.ts")));
});

Deno.test("python_waiter.py writes the words of the child protocol", () => {
  const source = read("native/languages/python_waiter.py");
  assert(source.includes(`READY = b"${escapeBytes(protocol.READY)}"`));
  assert(source.includes(`EXITS_BY_ITSELF = b"${escapeBytes(protocol.EXITS_BY_ITSELF)}"`));
  assertEquals(protocol.GO.length, 1); // It reads one byte.
});

Deno.test("waiters of interpreters write the word of the child protocol", () => {
  const octal = [...protocol.READY].map((character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
  const bytes = [...protocol.READY].map((character) => character.charCodeAt(0));
  const written = {
    "ruby_waiter.rb": `syswrite("${escapeBytes(protocol.READY)}")`,
    "PerlWaiter.pm": `syswrite(STDERR, "${escapeBytes(protocol.READY)}")`,
    "php_waiter.php": `fwrite(STDERR, "${escapeBytes(protocol.READY)}")`,
    "lua_waiter.lua": `printf '${octal.join("")}' >&2`,
    "r_waiter.R": `printf '\\${octal.join("\\")}' >&2`,
    "Waiter.java": `READY = {${bytes.join(", ")}}`,
  };
  for (const [name, words] of Object.entries(written)) assert(read(`native/languages/${name}`).includes(words), name);
});

Deno.test("begin.cjs and Node's start.cjs write the words of the child protocol", () => {
  const { ENDED, EXITS_BY_ITSELF, READY, REPORT } = protocol;
  assertEquals(Object.fromEntries(constantsOf(read("ecmascript/begin.cjs"))), { REPORT, READY, EXITS_BY_ITSELF });
  assertEquals(constantsOf(read("node/start.cjs")).get("ENDED"), ENDED);
});

Deno.test("the interpreters write the words of the child protocol", () => {
  assert(read("interpreters/ecmascript/cells.js").includes("`${CELL_REPORT}${secret}`"));
  assertEquals(CELL_REPORT, protocol.CELL_REPORT);
  const texts = [endPieces({ a: 1 }, "s"), displayPieces({ a: 1 }, "s")].map((pieces) => pieces.map(decode));
  const { DISPLAY_END, PART_END, REPORT_END } = protocol;
  assertEquals(texts, [[`s{"a":1}${REPORT_END}`], [`s{"a":1}${DISPLAY_END}`]]);
  const [bare = new Uint8Array()] = endPieces({}, `${CELL_REPORT}${crypto.randomUUID()}`);
  assert(protocol.isBareCellEnd(bare));
  for (const at of [0, 2, 5, bare.length - 2]) {
    assert(!protocol.isBareCellEnd(bare.map((byte, i) => i === at ? 47 : byte)));
  }
  assert(!protocol.isBareCellEnd(bare.subarray(1)));
  const long = displayPieces("é".repeat(5_000), "s");
  assertEquals(long.map((piece) => [piece.length <= 4_096, decode(piece).at(-1)]), [
    [true, PART_END],
    [true, PART_END],
    [true, DISPLAY_END],
  ]);
  const source = read("interpreters/python/interpreter.py");
  assert(source.includes(`b"${escapeBytes(protocol.CELL_REPORT)}" + secret.encode()`));
  assert(source.includes(`b"${escapeBytes(protocol.PART_END)}"`));
  assert(source.includes('end=b"\\n"'));
  assert(source.includes(`dumps(bundle), b"${escapeBytes(protocol.DISPLAY_END)}"`));
  assertEquals(protocol.REPORT_END, "\n");
});

function decode(piece: Uint8Array): string {
  return new TextDecoder().decode(piece);
}

function escapeBytes(text: string): string {
  return [...text].map((character) => {
    const code = character.charCodeAt(0);
    return code === 0 ? "\\0" : `\\x${code.toString(16).padStart(2, "0")}`;
  }).join("");
}
