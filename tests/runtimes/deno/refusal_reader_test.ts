import { assertEquals } from "@std/assert";
import { type DenialRecord, MAX_DENIAL_RECORDS } from "../../../src/core/denials/denial_report.ts";
import type { ReportedDenial } from "../../../src/runtimes/deno/read_refusal.ts";
import { DenialReader } from "../../../src/runtimes/deno/refusal_reader.ts";

const encoder = new TextEncoder();
const AS_IT_COMES = { push: (bytes: Uint8Array) => bytes, flush: () => new Uint8Array() };

function frame(message: string, stack = ""): string {
  return `\0\x07${JSON.stringify([message, stack])}\0`;
}

/** What is left of some output, and what was told in it. */
function read(chunks: readonly Uint8Array[]): { readonly left: string; readonly told: readonly string[] } {
  const reader = new DenialReader(AS_IT_COMES, toDenial);
  const left = [...chunks.map((bytes) => reader.push(bytes).slice()), reader.flush().slice()];
  const decoder = new TextDecoder("latin1");
  return {
    left: left.map((bytes) => decoder.decode(bytes)).join(""),
    told: reader.denials.map(({ target }) => target),
  };
}

function toDenial({ message }: ReportedDenial): DenialRecord | undefined {
  return message === "none" ? undefined : { kind: "read", target: message, rule: "" };
}

Deno.test("DenialReader takes what start.js tells out of the output, wherever the chunks are divided", () => {
  const all = encoder.encode(`before${frame('"a"', "at b\nat c")}${frame("none")}between\0${frame("d")}after\0`);
  const expected = { left: "beforebetween\0after\0", told: ['"a"', "d"] };
  for (let at = 0; at <= all.length; at++) {
    assertEquals({ at, ...read([all.subarray(0, at), all.subarray(at)]) }, { at, ...expected });
  }
  assertEquals(read([...all].map((byte) => Uint8Array.of(byte))), expected);
});

Deno.test("DenialReader leaves the program's own bytes as they are, also those that begin like a frame", () => {
  const own = [
    "\0",
    "\0\0\0",
    "\0\x07",
    "\0\x07[",
    "\0\x07[]\0",
    '\0\x07["a"]\0',
    '\0\x07["a",1]\0',
    "\0\x07[not json\0",
    '\0\x07{"a":1}\0',
    `\0\x07["a","${"x".repeat(20_000)}"]\0`,
    `\0\x07["a","${"x".repeat(20_000)}`,
    "\xff\0\x07\xfe",
  ];
  for (const text of own) {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    assertEquals(read([bytes]), { left: text, told: [] });
    assertEquals(read([bytes, encoder.encode(`z${frame("t")}`)]), { left: `${text}z`, told: ["t"] });
  }
});

Deno.test("DenialReader hears what Deno says itself at the end, of modules and of Workers, and leaves it in the output", () => {
  const said = [
    "an own line",
    'error: Requires import access to "a.com:443", run again',
    "    at file:///w/main.ts:1:8",
    'error: Uncaught (in worker "") (in promise) NotCapable: Requires read access to "/x", run again',
    "error: Uncaught Error: other",
    "",
  ].join("\n");
  const flood = "error: flood\n".repeat(100_000);
  const expected = [
    'Requires import access to "a.com:443", run again',
    'Requires read access to "/x", run again',
    "other",
  ];
  assertEquals(read([encoder.encode(said)]), { left: said, told: expected });
  const { left, told } = read([encoder.encode(flood), encoder.encode(said)]);
  assertEquals([left, told], [flood + said, ["flood", ...expected]]);
});

Deno.test("DenialReader keeps a bounded number, and stops listening to a program that floods it", () => {
  const many = Array.from({ length: 3 * MAX_DENIAL_RECORDS }, (_, index) => frame(`${index}`));
  const { left, told } = read([encoder.encode(many.join(""))]);
  assertEquals(told.length, MAX_DENIAL_RECORDS);
  assertEquals(left, many.slice(2 * MAX_DENIAL_RECORDS).join(""));
});
