import { assertEquals } from "@std/assert";
import { PacedStream } from "../../../src/server/http/paced_stream.ts";

const NEVER = new AbortController().signal;
const [PIECE, PING] = ["piece", "ping"].map((text) => new TextEncoder().encode(text));

/** Lets everything happen that can happen by itself. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

Deno.test("PacedStream.write() returns when the reader took the piece, and not before", async () => {
  const stream = new PacedStream(NEVER);
  const taken: number[] = [];
  const sends = [1, 2, 3].map((number) => stream.write(PIECE).then(() => taken.push(number)));
  await settle();
  assertEquals(taken, []);
  const reader = stream.body.getReader();
  await reader.read();
  await settle();
  assertEquals(taken, [1]);
  await reader.read();
  await settle();
  assertEquals(taken, [1, 2]);
  await reader.read();
  await Promise.all(sends);
  assertEquals(taken, [1, 2, 3]);
});

Deno.test("PacedStream is open from the first thing that is written, though it has no bytes, and not by a ping without", async () => {
  for (const piece of [PIECE, undefined]) {
    const stream = new PacedStream(NEVER);
    using _pings = stream.pingEvery(1, () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals([stream.isOpen, stream.abandoned.aborted], [false, false]);
    stream.write(piece);
    await stream.opened;
    assertEquals(stream.isOpen, true);
    await stream.body.cancel();
  }
});

Deno.test("PacedStream is abandoned when its reader goes away, and then blocks no writer", async () => {
  const stream = new PacedStream(NEVER);
  const waiting = stream.write(PIECE);
  await stream.body.cancel();
  await aborted(stream.abandoned);
  await waiting;
  await stream.write(PIECE);
  await stream.close();
});

Deno.test("PacedStream is abandoned when its reader is known to be gone, also from the beginning", async () => {
  const gone = new AbortController();
  const stream = new PacedStream(gone.signal);
  const waiting = stream.write(PIECE);
  gone.abort();
  await aborted(stream.abandoned);
  await waiting;
  await stream.close();
  const late = new PacedStream(AbortSignal.abort());
  await aborted(late.abandoned);
  await late.write(PIECE);
});

Deno.test("PacedStream is not abandoned by a reader that went on to the end, nor by a signal after it", async () => {
  const gone = new AbortController();
  const stream = new PacedStream(gone.signal);
  const reading = new Response(stream.body).text();
  await stream.write(PIECE);
  await stream.close();
  await reading;
  gone.abort();
  await settle();
  assertEquals(stream.abandoned.aborted, false);
});

Deno.test("PacedStream.pingEvery() pings while nothing else is written, and not where there is no ping", async () => {
  const stream = new PacedStream(NEVER);
  const pings = [undefined, undefined, PING, undefined];
  using _pings = stream.pingEvery(1, () => pings.shift());
  const pieces = stream.body.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await pieces.read()).value, "ping");
  stream.write(PIECE);
  assertEquals((await pieces.read()).value, "piece");
  await pieces.cancel();
});

Deno.test("PacedStream.pingEvery() gives up a reader that takes nothing, and piles up nothing before it", async () => {
  const stream = new PacedStream(NEVER);
  using _pings = stream.pingEvery(1, () => PING);
  const waiting = stream.write(PIECE);
  await aborted(stream.abandoned);
  await waiting;
  assertEquals(await new Response(stream.body).text(), "");
});

Deno.test("PacedStream.pingEvery() keeps a reader that takes one thing now and then", async () => {
  const stream = new PacedStream(NEVER);
  using _pings = stream.pingEvery(20, () => PING);
  const reader = stream.body.getReader();
  for (let round = 0; round < 8; round++) {
    stream.write(PIECE);
    await new Promise((resolve) => setTimeout(resolve, 25));
    await reader.read();
  }
  assertEquals(stream.abandoned.aborted, false);
  await reader.cancel();
});
