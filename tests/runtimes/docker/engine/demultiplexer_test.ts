import { assert, assertEquals, assertThrows } from "@std/assert";
import type { OutputChunk } from "../../../../src/core/execution.ts";
import { Demultiplexer } from "../../../../src/runtimes/docker/engine/demultiplexer.ts";
import { concat, createRandom, frame, piecesOf, splitsOf } from "./frames.ts";

/** What comes out, as text, with the neighbours of one stream joined. */
function demultiplex(pieces: readonly Uint8Array[]): [string, string][] {
  const demultiplexer = new Demultiplexer();
  return joined(pieces.flatMap((piece) => demultiplexer.push(piece)));
}

function joined(chunks: readonly OutputChunk[]): [string, string][] {
  const all: [string, string][] = [];
  for (const { stream, bytes } of chunks) {
    const text = String.fromCharCode(...bytes);
    const last = all.at(-1);
    if (last?.[0] === stream) last[1] += text;
    else all.push([stream, text]);
  }
  return all;
}

Deno.test("Demultiplexer takes frames apart at whatever byte a chunk ends", () => {
  const whole = concat(
    frame("stdout", "a\0b"),
    frame("stderr", "oh"),
    frame("stdout", ""),
    frame("stdout", "\x01\xff"),
  );
  const expected = [["stdout", "a\0b"], ["stderr", "oh"], ["stdout", "\x01\u00c3\u00bf"]];
  for (const pieces of splitsOf(whole)) assertEquals<unknown>(demultiplex(pieces), expected);
  for (let length = 1; length <= whole.length; length++) {
    assertEquals<unknown>(demultiplex(piecesOf(whole, length)), expected, `pieces of ${length}`);
  }
});

Deno.test("Demultiplexer gives what it has of a frame at once, and nothing for a header in pieces", () => {
  const demultiplexer = new Demultiplexer();
  const whole = frame("stderr", "abcd");
  for (const piece of piecesOf(whole.slice(0, 8), 3)) assertEquals(demultiplexer.push(piece), []);
  for (const letter of "abcd") {
    const bytes = new TextEncoder().encode(letter);
    assertEquals<unknown>(demultiplexer.push(bytes), [{ stream: "stderr", bytes }]);
  }
  assertEquals(demultiplexer.push(new Uint8Array()), []);
  assertEquals(joined(demultiplexer.push(frame("stdout", "next"))), [["stdout", "next"]]);
});

Deno.test("Demultiplexer makes nothing of empty frames, between others or alone", () => {
  assertEquals(demultiplex([frame("stdout", ""), frame("stderr", "")]), []);
  assertEquals(demultiplex([concat(frame("stdout", "a"), frame("stderr", ""), frame("stdout", "b"))]), [[
    "stdout",
    "ab",
  ]]);
});

Deno.test("Demultiplexer reads the length as four bytes, the highest first", () => {
  for (const length of [255, 256, 257, 65_535, 65_536, 65_537]) {
    const text = "x".repeat(length);
    const chunks = new Demultiplexer().push(concat(frame("stdout", text), frame("stderr", "end")));
    assertEquals(chunks.map(({ stream, bytes }) => [stream, bytes.length]), [["stdout", length], ["stderr", 3]]);
  }
});

Deno.test("Demultiplexer joins the frames of one stream in a chunk, and so tells 20,000 single bytes as one", () => {
  const single = frame("stdout", "x");
  const chunks = new Demultiplexer().push(concat(...Array.from({ length: 20_000 }, () => single)));
  assertEquals(chunks.length, 1);
  assertEquals(chunks[0]?.bytes, new TextEncoder().encode("x".repeat(20_000)));
  // What a read of 64 KiB holds of frames with one byte each, the last one cut.
  const [read = new Uint8Array()] = piecesOf(concat(...Array.from({ length: 7_300 }, () => single)), 65_536);
  assertEquals(read.length, 65_536);
  const all = new Demultiplexer().push(read);
  assertEquals(all.map(({ bytes }) => bytes.length), [7_281]);
});

Deno.test("Demultiplexer keeps the order of streams that take turns", () => {
  const turns = Array.from({ length: 10_000 }, (_, index) => frame(index % 2 === 0 ? "stdout" : "stderr", `${index};`));
  const chunks = new Demultiplexer().push(concat(...turns));
  assertEquals(chunks.length, 10_000);
  assert(chunks.every(({ stream }, index) => stream === (index % 2 === 0 ? "stdout" : "stderr")));
  assertEquals(
    chunks.map(({ bytes }) => new TextDecoder().decode(bytes)).join(""),
    turns.map((_, index) => `${index};`).join(""),
  );
});

Deno.test("Demultiplexer refuses a frame of a stream that there is not, and names it", () => {
  for (const stream of [0, 3, 72]) {
    assertThrows(() => new Demultiplexer().push(frame(stream, "x")), TypeError, `unknown stream: ${stream}`);
  }
  const demultiplexer = new Demultiplexer();
  demultiplexer.push(frame("stdout", "fine"));
  demultiplexer.push(frame(3, "x").slice(0, 8));
  assertThrows(() => demultiplexer.push(new Uint8Array([120])), TypeError, "unknown stream: 3");
});

Deno.test("Demultiplexer loses and invents nothing, whatever the frames and the borders of the chunks are", () => {
  const random = createRandom(7);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let round = 0; round < 200; round++) {
    const frames = Array.from({ length: below(20) }, () => ({
      stream: random() < 0.5 ? "stdout" as const : "stderr" as const,
      bytes: Uint8Array.from({ length: below(round % 2 === 0 ? 4 : 40) }, () => below(256)),
    }));
    const whole = concat(...frames.map(({ stream, bytes }) => frame(stream, bytes)));
    const borders = Array.from({ length: below(30) }, () => below(whole.length + 1)).toSorted((a, b) => a - b);
    const pieces = [0, ...borders].map((from, index) => whole.slice(from, borders[index] ?? whole.length));
    const demultiplexer = new Demultiplexer();
    const chunks = pieces.flatMap((piece) => demultiplexer.push(piece));
    assert(chunks.every(({ bytes }) => bytes.length > 0), `round ${round} has an empty chunk`);
    assertEquals(joined(chunks), joined(frames.filter(({ bytes }) => bytes.length > 0)), `round ${round}`);
  }
});
