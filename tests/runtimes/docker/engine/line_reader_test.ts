import { assertEquals } from "@std/assert";
import { LineReader } from "../../../../src/runtimes/docker/engine/line_reader.ts";
import { generate, piecesOf, splitsOf } from "./frames.ts";

function read(chunks: Iterable<Uint8Array | string>): LineReader {
  const bytes = [...chunks].map((chunk) => typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
  return new LineReader(generate(bytes));
}

async function restOf(lines: LineReader): Promise<string[]> {
  return (await Array.fromAsync(lines.chunks())).map((bytes) => new TextDecoder().decode(bytes));
}

Deno.test("LineReader gives the lines first and then the rest, wherever they are cut", async () => {
  const bytes = new TextEncoder().encode("ok\n12 ü\n\nrest\nand\0 more");
  for (const pieces of [...splitsOf(bytes), piecesOf(bytes, 1), [bytes]]) {
    const lines = read(pieces);
    assertEquals([await lines.line(), await lines.line(), await lines.line()], ["ok", "12 ü", ""]);
    assertEquals((await restOf(lines)).join(""), "rest\nand\0 more");
    assertEquals(await lines.rest(), undefined);
  }
});

Deno.test("LineReader gives so many bytes, then the next line, wherever they are cut", async () => {
  const bytes = new TextEncoder().encode("4\na\nbc0\n9\nshort");
  for (const pieces of [...splitsOf(bytes), piecesOf(bytes, 1), [bytes]]) {
    const lines = read(pieces);
    const text = async (count: number) => new TextDecoder().decode(await lines.bytes(count));
    assertEquals([await lines.line(), await text(4), await lines.line(), await text(0)], ["4", "a\nbc", "0", ""]);
    assertEquals([await lines.line(), await lines.bytes(9)], ["9", undefined]);
  }
});

Deno.test("LineReader gives the rest as it comes", async () => {
  const lines = read(["ok\nfirst", "second", "third"]);
  assertEquals(await lines.line(), "ok");
  assertEquals(await restOf(lines), ["first", "second", "third"]);
});

Deno.test("LineReader gives a line in reach before it reads on", async () => {
  let reads = 0;
  const lines = new LineReader((async function* () {
    reads++;
    yield await Promise.resolve(new TextEncoder().encode("a\nb\n"));
    reads++;
  })());
  assertEquals([await lines.line(), await lines.line(), reads], ["a", "b", 1]);
});

Deno.test("LineReader has no line where none ends, and keeps what there is for the rest", async () => {
  assertEquals(await read([]).line(), undefined);
  const lines = read(["unfin", "ished"]);
  assertEquals(await lines.line(), undefined);
  assertEquals(await restOf(lines), ["unfinished"]);
});

Deno.test("LineReader gives up on a line that is too long, without reading on for its end", async () => {
  const piece = "x".repeat(1_000);
  const lines = read(Array.from({ length: 70 }, () => piece).concat("\n"));
  assertEquals(await lines.line(), undefined);
  assertEquals((await restOf(lines)).map((text) => text.length), [66_000, 1_000, 1_000, 1_000, 1_000, 1]);
  assertEquals((await read([`${"x".repeat(65_536)}`, "\n"]).line())?.length, 65_536);
});

Deno.test("LineReader ends what it reads from when it is closed, also before it began", async () => {
  let isEnded = false;
  const lines = new LineReader((async function* () {
    try {
      for (;;) yield await Promise.resolve(new TextEncoder().encode("a\n"));
    } finally {
      isEnded = true;
    }
  })());
  assertEquals(await lines.line(), "a");
  await lines.close();
  await lines.close();
  assertEquals([isEnded, await lines.rest()], [true, undefined]);
  await read(["a\n"]).close();
});
