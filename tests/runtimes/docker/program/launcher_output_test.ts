import { assert, assertEquals } from "@std/assert";
import type { OutputStream } from "../../../../src/core/execution.ts";
import { readLauncherOutput } from "../../../../src/runtimes/docker/program/launcher_output.ts";
import { createRandom, frame, generate, piecesOf, splitsOf } from "../engine/frames.ts";

const SECRET = "0f9b1c2d";
const STREAMS = ["stdout", "stderr"] as const;

type Item = readonly [OutputStream, string] | readonly [OutputStream, "event", ...string[]];

/** What comes out, in order, with neighbouring output of one stream joined. */
async function read(chunks: Iterable<Uint8Array>, secret = SECRET): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of readLauncherOutput(generate(chunks), secret)) {
    if ("words" in item) {
      items.push([item.stream, "event", ...item.words]);
      continue;
    }
    assert(item.bytes.length > 0, "an empty chunk");
    const text = new TextDecoder().decode(item.bytes);
    const last = items.at(-1);
    if (last?.length === 2 && last[0] === item.stream) items[items.length - 1] = [item.stream, last[1] + text];
    else items.push([item.stream, text]);
  }
  return items;
}

/** What a stream said, printed in pieces: one frame for each. */
function framed(stream: OutputStream, pieces: readonly Uint8Array[]): Uint8Array[] {
  return pieces.map((piece) => frame(stream, piece));
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("readLauncherOutput() separates the launcher's reports from either stream, wherever chunks end", async () => {
  const said = bytesOf(`before\0${SECRET} ready 12\nafter\n\0${SECRET} ended 0 0\n`);
  for (const stream of STREAMS) {
    const expected: Item[] = [
      [stream, "before"],
      [stream, "event", "ready", "12"],
      [stream, "after\n"],
      [stream, "event", "ended", "0", "0"],
    ];
    for (const pieces of splitsOf(said)) assertEquals(await read(framed(stream, pieces)), expected);
    for (let length = 1; length <= said.length; length++) {
      assertEquals(await read(framed(stream, piecesOf(said, length))), expected, `pieces of ${length}`);
    }
    for (const pieces of splitsOf(frame(stream, said))) assertEquals(await read(pieces), expected);
  }
});

Deno.test("readLauncherOutput() buffers each stream apart", async () => {
  const items = await read([
    frame("stderr", `\0${SECRET} rea`),
    frame("stdout", `printed\0${SECRET}`),
    frame("stderr", "dy 7\nwords"),
    frame("stdout", " ended\n"),
  ]);
  assertEquals<unknown>(items, [
    ["stdout", "printed"],
    ["stderr", "event", "ready", "7"],
    ["stderr", "words"],
    ["stdout", "event", "ended"],
  ]);
});

Deno.test("readLauncherOutput() takes one event straight after another, and one with empty words", async () => {
  assertEquals<unknown>(await read([frame("stderr", `\0${SECRET} a\n\0${SECRET} b  c\n\0${SECRET} \n`)]), [
    ["stderr", "event", "a"],
    ["stderr", "event", "b", "", "c"],
    ["stderr", "event", ""],
  ]);
});

Deno.test("readLauncherOutput() passes on all other output byte for byte, wherever chunks end", async () => {
  const lines: Readonly<Record<string, string>> = {
    "NULs": "a\0b\0\0c\0",
    "NULs before an event's first letters": `\0\0\0${SECRET.slice(0, 3)}`,
    "half a prefix and then something else": `\0${SECRET.slice(0, 4)}x\n`,
    "the secret without its space": `\0${SECRET}\n`,
    "the secret without a NUL": `${SECRET} ended 0 0 0 0\n`,
    "another secret": `\0${SECRET.replace("9", "8")} ended 0 0 0 0\n`,
    "another secret in whose place the right one follows": `\0x${SECRET} ended 0 0 0 0\n`,
    "a prefix that has not ended": `\0${SECRET} ended 0 0`,
    "half a prefix at the end": `text\0${SECRET.slice(0, 4)}`,
  };
  for (const [name, line] of Object.entries(lines)) {
    for (const pieces of splitsOf(bytesOf(line))) {
      assertEquals(await read(framed("stdout", pieces)), [["stdout", line]], name);
    }
    assertEquals(await read(framed("stdout", piecesOf(bytesOf(line), 1))), [["stdout", line]], name);
  }
});

Deno.test("readLauncherOutput() finds an event behind NULs and half prefixes", async () => {
  const said = `\0\0${SECRET.slice(0, 4)}\0${SECRET}\0${SECRET} ready 1\n\0`;
  for (const pieces of splitsOf(bytesOf(said))) {
    assertEquals<unknown>(await read(framed("stderr", pieces)), [
      ["stderr", `\0\0${SECRET.slice(0, 4)}\0${SECRET}`],
      ["stderr", "event", "ready", "1"],
      ["stderr", "\0"],
    ]);
  }
});

Deno.test("readLauncherOutput() buffers a report until its line ends, at most 256 bytes", async () => {
  const long = `\0${SECRET} ${"x".repeat(246)}`;
  assertEquals(long.length, 256);
  const printed = async (text: string) => {
    const items = readLauncherOutput(generate([frame("stdout", text), frame("stderr", "end")]), SECRET);
    const { value } = await items.next();
    await items.return(undefined);
    return value?.stream;
  };
  assertEquals(await printed(long), "stderr");
  assertEquals(await printed(`${long}x`), "stdout");
  assertEquals<unknown>(await read([frame("stdout", long), frame("stdout", "\n")]), [
    ["stdout", "event", "x".repeat(246)],
  ]);
  assertEquals<unknown>(await read([frame("stdout", long), frame("stdout", "x"), frame("stdout", "\n")]), [
    ["stdout", `${long}x\n`],
  ]);
});

Deno.test("readLauncherOutput() passes on its buffer when the output ends", async () => {
  assertEquals<unknown>(await read([frame("stdout", "\0"), frame("stderr", `\0${SECRET} en`)]), [
    ["stdout", "\0"],
    ["stderr", `\0${SECRET} en`],
  ]);
  assertEquals(await read([]), []);
});

Deno.test("readLauncherOutput() loses and forges nothing in a program's random mixture of NULs and pieces of lines", async () => {
  const random = createRandom(11);
  const pick = <T>(choices: readonly [T, ...T[]]): T => choices[Math.floor(random() * choices.length)] ?? choices[0];
  const wrong = SECRET.toUpperCase();
  for (let round = 0; round < 300; round++) {
    const parts = Array.from(
      { length: 12 },
      () => pick(["\0", "\n", " ", "x", SECRET.slice(0, 4), wrong, `\0${wrong} ended 0\n`, `\0${SECRET} told\n`]),
    );
    const said = parts.join("");
    const events = said.split(`\0${SECRET} told\n`);
    const items = await read(framed("stdout", piecesOf(bytesOf(said), 1 + Math.floor(random() * 9))));
    const back = items.map((item) => item.length === 2 ? item[1] : `\0${SECRET} ${item.slice(2).join(" ")}\n`).join("");
    assertEquals(back, said, `round ${round}`);
    assertEquals(items.filter((item) => item.length > 2).length, events.length - 1, `round ${round}`);
  }
});
