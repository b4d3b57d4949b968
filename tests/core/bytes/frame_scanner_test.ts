import { assertEquals } from "@std/assert";
import { findMarker, FrameScanner, type Reading } from "../../../src/core/bytes/frame_scanner.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Frames are `<<` digits `>`, of at most three digits. */
function readDigits(behind: Uint8Array): Reading<number> {
  const text = decoder.decode(behind.subarray(0, 4));
  const [frame, digits] = /^(\d{1,3})>/.exec(text) ?? [];
  if (frame !== undefined) return { frame: Number(digits), length: frame.length };
  return behind.length < 4 && /^\d*$/.test(text) ? "incomplete" : "no_frame";
}

/** What a scanner makes of some chunks; bytes that follow each other as one text. */
function scan(...chunks: string[]): (string | number)[] {
  const scanner = new FrameScanner("<<", readDigits);
  const pieces = chunks.flatMap((chunk) => [...scanner.push(encoder.encode(chunk))]);
  const found: (string | number)[] = [];
  for (const piece of [...pieces, { bytes: scanner.flush() }]) {
    if ("frame" in piece) found.push(piece.frame);
    else if (piece.bytes.length > 0) {
      const text = decoder.decode(piece.bytes);
      if (typeof found.at(-1) === "string") found.push(`${found.pop()}${text}`);
      else found.push(text);
    }
  }
  return found;
}

Deno.test("findMarker() finds a marker, its beginning at the end, or the end", () => {
  const table: [text: string, from: number, at: number][] = [
    ["abc", 0, 0],
    ["xabcabc", 0, 1],
    ["xabcabc", 2, 4],
    ["xxab", 0, 2],
    ["xxa", 0, 2],
    ["abx", 0, 3],
    ["", 0, 0],
    ["ab", 1, 2],
  ];
  const marker = encoder.encode("abc");
  for (const [text, from, at] of table) {
    assertEquals([text, from, findMarker(encoder.encode(text), marker, from)], [text, from, at]);
  }
});

Deno.test("FrameScanner separates frames from everything else", () => {
  const table: [text: string, found: (string | number)[]][] = [
    ["", []],
    ["plain", ["plain"]],
    ["<<1>", [1]],
    ["a<<1>b<<22><<333>c", ["a", 1, "b", 22, 333, "c"]],
    ["<<x><<<7>", ["<<x><", 7]],
    ["<<1234><<5>", ["<<1234>", 5]],
    ["a<<", ["a<<"]],
    ["a<<12", ["a<<12"]],
    ["<<<<1>", ["<<", 1]],
  ];
  for (const [text, found] of table) {
    assertEquals([text, scan(text)], [text, found]);
    assertEquals([text, scan(...text)], [text, found], "byte by byte");
    for (let at = 0; at < text.length; at++) {
      assertEquals([text, scan(text.slice(0, at), text.slice(at))], [text, found]);
    }
  }
});

Deno.test("FrameScanner passes on at once what no marker can begin with", () => {
  const scanner = new FrameScanner("<<", readDigits);
  assertEquals([...scanner.push(encoder.encode("abc<"))], [{ bytes: encoder.encode("abc") }]);
  assertEquals([...scanner.push(encoder.encode("d"))], [{ bytes: encoder.encode("<d") }]);
});
