import { assert, assertEquals } from "@std/assert";
import { type DenialRecord, MAX_DENIAL_RECORDS } from "../../../src/core/denials/denial_report.ts";
import { ChildStderr } from "../../../src/runtimes/process/child_stderr.ts";
import { DenialCollector } from "../../../src/runtimes/process/denial_collector.ts";
import type { ReportedDenial } from "../../../src/runtimes/process/spec.ts";
import { NO_PERMISSIONS } from "../../../src/core/permissions/permissions.ts";

const encoder = new TextEncoder();
const CONTEXT = { permissions: NO_PERMISSIONS, variables: [], shownPaths: {} };
const NOTHING = { shownTexts: {}, memoryEndings: [] };

function frame(message: string, stack = ""): string {
  return `\0\x07${JSON.stringify([message, stack])}\0`;
}

/** Some output without its reports, and the denials that those are about. */
function read(chunks: readonly Uint8Array[]): { readonly left: string; readonly reported: readonly string[] } {
  const denials = new DenialCollector({ read: toDenial, readStderr }, CONTEXT);
  const stderr = new ChildStderr({ ...NOTHING, denials });
  const left = [...chunks.map((bytes) => stderr.push(bytes).slice()), stderr.flush().slice()];
  const decoder = new TextDecoder("latin1");
  return {
    left: left.map((bytes) => decoder.decode(bytes)).join(""),
    reported: denials.denials.map(({ target }) => target),
  };
}

function toDenial({ message }: ReportedDenial): DenialRecord | undefined {
  return message === "none" ? undefined : { kind: "read", target: message, rule: "" };
}

function readStderr(stderr: string): DenialRecord[] {
  return [...stderr.matchAll(/^last (.*)$/gm)].map(([, target = ""]) => ({ kind: "read", target, rule: "" }));
}

Deno.test("ChildStderr takes reports of denials out of the output, wherever the chunks are divided", () => {
  const all = encoder.encode(`before${frame('"a"', "at b\nat c")}${frame("none")}between\0${frame("d")}after\0`);
  const expected = { left: "beforebetween\0after\0", reported: ['"a"', "d"] };
  for (let at = 0; at <= all.length; at++) {
    assertEquals({ at, ...read([all.subarray(0, at), all.subarray(at)]) }, { at, ...expected });
  }
  assertEquals(read([...all].map((byte) => Uint8Array.of(byte))), expected);
});

Deno.test("ChildStderr leaves the program's own bytes as they are, also those that begin like a report", () => {
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
    assertEquals(read([bytes]), { left: text, reported: [] });
    assertEquals(read([bytes, encoder.encode(`z${frame("t")}`)]), { left: `${text}z`, reported: ["t"] });
  }
});

Deno.test("ChildStderr keeps a bounded number of denials, and reads no more reports of a program that floods it", () => {
  const many = Array.from({ length: 3 * MAX_DENIAL_RECORDS }, (_, index) => frame(`${index}`));
  const { left, reported } = read([encoder.encode(many.join(""))]);
  assertEquals(reported.length, MAX_DENIAL_RECORDS);
  assertEquals(left, many.slice(2 * MAX_DENIAL_RECORDS).join(""));
});

Deno.test("ChildStderr finds denials in the last words, and leaves those in the output", () => {
  const flood = "last flood\n".repeat(100_000);
  const { left, reported } = read([encoder.encode(flood), encoder.encode("last words\n")]);
  assertEquals([left === `${flood}last words\n`, reported[0], reported.at(-1)], [true, "flood", "words"]);
});

Deno.test("ChildStderr leaves reports of denials in the output of a runtime that reports none", () => {
  const stderr = new ChildStderr(NOTHING);
  const output = new TextDecoder().decode(stderr.push(encoder.encode(`a${frame("x")}b`)));
  assertEquals(output, `a${frame("x")}b`);
});

Deno.test("ChildStderr hides texts of the host", () => {
  const stderr = new ChildStderr({ ...NOTHING, shownTexts: { "/tmp/w": "/workspace" } });
  const shown = new TextDecoder().decode(stderr.push(encoder.encode("at file:///tmp/w/main.ts:3:1")));
  assertEquals(shown, "at file:///workspace/main.ts:3:1");
});

Deno.test("ChildStderr takes the report that a program exits by itself out of the output, wherever the chunks are divided", () => {
  const output = "before\0\x07\x01\0after";
  for (let at = 0; at <= output.length; at++) {
    const stderr = new ChildStderr(NOTHING);
    const parts = [output.slice(0, at), output.slice(at)].map((part) => stderr.push(encoder.encode(part)));
    const shown = [...parts, stderr.flush()].map((part) => new TextDecoder().decode(part)).join("");
    assertEquals([at, shown, stderr.exitsByItself], [at, "beforeafter", true]);
  }
});

Deno.test("ChildStderr knows of no exit where none is reported, and settles when all has been read", async () => {
  const stderr = new ChildStderr(NOTHING);
  let hasEnded = false;
  const ended = stderr.ended.then(() => hasEnded = true);
  stderr.push(encoder.encode("\0\x07\0 \0\x07\x01"));
  await Promise.resolve();
  assert(!hasEnded && !stderr.exitsByItself);
  stderr.flush();
  await ended;
  assertEquals(stderr.exitsByItself, false);
});

Deno.test("ChildStderr passes the end of a cell on as it is, behind everything that it held back", () => {
  const end = `\0\x07\x02${crypto.randomUUID()}{}\n`;
  const stderr = new ChildStderr({ ...NOTHING, shownTexts: { "/tmp/w": "/workspace" } });
  const push = (text: string) => new TextDecoder().decode(stderr.push(encoder.encode(text)));
  assertEquals(push(end), end);
  for (const held of ["/tm", "\0"]) {
    assertEquals([held, [held, end, "/tmp/w"].map(push).join("")], [held, `${held}${end}/workspace`]);
  }
  const own = `\0\x07\x02/tmp/w${"0".repeat(30)}{}\n`;
  assertEquals([own.length, push(own)], [end.length, own.replace("/tmp/w", "/workspace")]);
});
