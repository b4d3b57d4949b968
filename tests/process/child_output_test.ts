import { assert, assertEquals } from "@std/assert";
import {
  type ByteFilter,
  filtered,
  OutputBudget,
  pipeSource,
  readUpTo,
  untilExitMarker,
  withPrefix,
} from "../../src/process/child_output.ts";
import type { ChunkSource } from "../../src/process/merge_output.ts";

const MARKER = "\x01ready\x01";

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A source that brings each text as one chunk, and then its end. */
function sourceOf(...texts: string[]): ChunkSource {
  const chunks = texts.map(encode);
  return { stream: "stderr", read: () => Promise.resolve(chunks.shift()), cancel: () => Promise.resolve() };
}

/** A pipe that brings each chunk in a read of its own, and then its end. */
function pipeOf(...chunks: Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk !== undefined) return controller.enqueue(chunk);
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}

async function readAll(source: ChunkSource): Promise<string[]> {
  const texts: string[] = [];
  for (let bytes = await source.read(); bytes !== undefined; bytes = await source.read()) texts.push(decode(bytes));
  return texts;
}

async function readEarly(...texts: string[]): Promise<[kind: string, rest: string]> {
  const { kind, rest } = await readUpTo(encode(MARKER), sourceOf(...texts));
  return [kind, decode(rest)];
}

Deno.test("pipeSource() brings what the pipe brings, and then its end", async () => {
  const source = pipeSource("stderr", pipeOf(encode("a"), encode("b")));
  assertEquals([source.stream, await readAll(source), await source.read()], ["stderr", ["a", "b"], undefined]);
});

Deno.test("pipeSource() brings chunks of any length that stay as they are when the next is read", async () => {
  const chunks = [1, 16_384, 16_385, 65_536, 3, 20_000, 5].map((length, at) => new Uint8Array(length).fill(at + 1));
  const source = pipeSource("stdout", pipeOf(...chunks.map((chunk) => chunk.slice())));
  const read: Uint8Array[] = [];
  for (let bytes = await source.read(); bytes !== undefined; bytes = await source.read()) read.push(bytes);
  assertEquals(read.map((bytes) => new Uint8Array(bytes)), chunks);
});

Deno.test("pipeSource() makes a read that hangs return when it is cancelled", async () => {
  let isCancelled = false;
  const pipe = new ReadableStream({ type: "bytes", cancel: () => void (isCancelled = true) });
  const source = pipeSource("stdout", pipe);
  const read = source.read();
  await source.cancel();
  assertEquals([await read, isCancelled, await source.read()], [undefined, true, undefined]);
});

Deno.test("readUpTo() takes the marker out and keeps what stands before and behind it", async () => {
  const table: [given: string[], rest: string][] = [
    [[MARKER], ""],
    [[`before${MARKER}`], "before"],
    [[`${MARKER}behind`], "behind"],
    [[`before${MARKER}behind`], "beforebehind"],
    [["be", "fore", `${MARKER}be`], "beforebe"],
    [[`${MARKER}${MARKER}`], MARKER],
    [[`\x01rea\x01${MARKER}`], "\x01rea\x01"],
  ];
  for (const [given, rest] of table) assertEquals([given, await readEarly(...given)], [given, ["ready", rest]]);
});

Deno.test("readUpTo() finds a marker that is cut anywhere", async () => {
  for (let at = 0; at < MARKER.length; at++) {
    const early = await readEarly(`a${MARKER.slice(0, at)}`, `${MARKER.slice(at)}b`);
    assertEquals([at, early], [at, ["ready", "ab"]]);
  }
  assertEquals(await readEarly(..."ab", ...MARKER), ["ready", "ab"]);
});

Deno.test("readUpTo() reads no further than the chunk with the marker", async () => {
  const source = sourceOf(`${MARKER}a`, "b");
  const { rest } = await readUpTo(encode(MARKER), source);
  assertEquals([decode(rest), await readAll(source)], ["a", ["b"]]);
});

Deno.test("readUpTo() tells an end without a marker, with what was said until then", async () => {
  assertEquals(await readEarly(), ["ended", ""]);
  assertEquals(await readEarly("no such ", "flag"), ["ended", "no such flag"]);
  assertEquals(await readEarly(MARKER.slice(0, -1)), ["ended", MARKER.slice(0, -1)]);
});

Deno.test("readUpTo() gives up on a source that brings too much before the marker", async () => {
  const chunk = encode("x".repeat(4_096));
  let reads = 0;
  const endless: ChunkSource = {
    stream: "stderr",
    read: () => Promise.resolve(++reads > 100 ? encode(MARKER) : chunk),
    cancel: () => Promise.resolve(),
  };
  const { kind, rest } = await readUpTo(encode(MARKER), endless);
  assertEquals(kind, "ended");
  assert(reads < 100, `${reads} chunks were read`);
  assert(rest.length >= 8_192 && rest.length < 20_000, `${rest.length} bytes were kept`);
  assertEquals(await readEarly("x".repeat(8_000), MARKER), ["ready", "x".repeat(8_000)]);
});

Deno.test("OutputBudget lets everything through up to its limit, and does not tell of it", async () => {
  const observed: number[] = [];
  const budget = new OutputBudget(6, (bytes) => observed.push(bytes));
  assertEquals([await readAll(budget.bound(sourceOf("abc", "def"))), observed], [["abc", "def"], []]);
});

Deno.test("OutputBudget cuts the chunk that passes the limit, and all behind it, and tells what it observed", async () => {
  const observed: number[] = [];
  const budget = new OutputBudget(5, (bytes) => observed.push(bytes));
  assertEquals(await readAll(budget.bound(sourceOf("abc", "def", "ghi"))), ["abc", "de", ""]);
  assertEquals(observed[0], 6);
});

Deno.test("OutputBudget counts all its sources together", async () => {
  const observed: number[] = [];
  const budget = new OutputBudget(5, (bytes) => observed.push(bytes));
  const [first, second] = [budget.bound(sourceOf("abc")), budget.bound(sourceOf("def"))];
  assertEquals([await readAll(first), observed], [["abc"], []]);
  assertEquals([await readAll(second), observed], [["de"], [6]]);
});

Deno.test("OutputBudget with a limit of 0 lets nothing through", async () => {
  const observed: number[] = [];
  const budget = new OutputBudget(0, (bytes) => observed.push(bytes));
  assertEquals([await readAll(budget.bound(sourceOf("", "a"))), observed], [["", ""], [1]]);
});

Deno.test("OutputBudget keeps the stream of a source and cancels it", async () => {
  let cancels = 0;
  const source: ChunkSource = { ...sourceOf(), cancel: () => Promise.resolve(void cancels++) };
  const bound = new OutputBudget(1, () => {}).bound(source);
  await bound.cancel();
  assertEquals([bound.stream, cancels], ["stderr", 1]);
});

Deno.test("withPrefix() puts the first bytes before everything else", async () => {
  assertEquals(await readAll(withPrefix(sourceOf("b", "c"), encode("a"))), ["a", "b", "c"]);
  assertEquals(await readAll(withPrefix(sourceOf("b"), new Uint8Array())), ["b"]);
});

Deno.test("untilExitMarker() ends where the program tells its end, wherever the chunks are divided", async () => {
  const all = "before\0\x07\x04137\0behind";
  for (let at = 0; at <= all.length; at++) {
    for (let next = at; next <= all.length; next += 3) {
      const codes: number[] = [];
      const source = untilExitMarker(
        sourceOf(all.slice(0, at), all.slice(at, next), all.slice(next)),
        (code) => codes.push(code),
      );
      assertEquals([(await readAll(source)).join(""), codes], ["before", [137]]);
    }
  }
});

Deno.test("untilExitMarker() passes on what only looks like an end, and closes what it does not read any more", async () => {
  for (
    const text of [
      "a\0",
      "a\0\x07",
      "a\0\x07\x04",
      "a\0\x07\x0412",
      "\0\x07\x041234\0b",
      "\0\x07\x04\0b",
      "\0\x07\x04x\0",
    ]
  ) {
    const source = untilExitMarker(sourceOf(...text), () => assert(false, text));
    assertEquals((await readAll(source)).join(""), text);
  }
  let cancels = 0;
  const source = { ...sourceOf("\0\x07\x040\0"), cancel: () => Promise.resolve(void cancels++) };
  await readAll(untilExitMarker(source, () => {}));
  assertEquals(cancels, 1);
});

Deno.test("filtered() passes every byte through the filter, and flushes it once at the end", async () => {
  const calls: string[] = [];
  const filter: ByteFilter = {
    push(bytes) {
      calls.push(decode(bytes));
      return encode(decode(bytes).toUpperCase());
    },
    flush() {
      calls.push("flush");
      return encode("held back");
    },
  };
  const source = filtered(sourceOf("a", "b", "c"), filter);
  assertEquals(await readAll(source), ["A", "B", "C", "held back"]);
  assertEquals([await source.read(), calls], [undefined, ["a", "b", "c", "flush"]]);
});
