import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { OutputChunk, OutputStream } from "../../../../src/core/execution.ts";
import { Demultiplexer } from "../../../../src/runtimes/docker/engine/demultiplexer.ts";
import { concat, frame } from "./frames.ts";

const frames = fc.array(
  fc.record({
    stream: fc.constantFrom<OutputStream>("stdout", "stderr"),
    bytes: fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ minLength: 250, maxLength: 600 })),
  }),
  { maxLength: 30 },
);

/** Lengths of the pieces in which bytes come. */
const lengths = fc.infiniteStream(fc.oneof(fc.constantFrom(0, 1, 2, 7, 8, 9), fc.integer({ min: 1, max: 1_000 })));

function* cut(bytes: Uint8Array, lengths: Iterator<number>): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const length = lengths.next().value ?? 1;
    yield bytes.slice(at, at + length);
    at += length;
  }
}

/** Neighbours of one stream as one, without those that are empty. */
function merge(chunks: readonly OutputChunk[]): OutputChunk[] {
  const merged: OutputChunk[] = [];
  for (const { stream, bytes } of chunks.filter(({ bytes }) => bytes.length > 0)) {
    const last = merged.at(-1);
    if (last?.stream === stream) merged[merged.length - 1] = { stream, bytes: concat(last.bytes, bytes) };
    else merged.push({ stream, bytes });
  }
  return merged;
}

Deno.test("Demultiplexer gives the same bytes of the same streams in the same order, however the chunks are cut", () => {
  fc.assert(
    fc.property(frames, lengths, (sent, lengths) => {
      const demultiplexer = new Demultiplexer();
      const whole = concat(...sent.map(({ stream, bytes }) => frame(stream, bytes)));
      const pieces = [...cut(whole, lengths)];
      const given = pieces.map((piece) => demultiplexer.push(piece));
      for (const chunks of given) assertEquals(chunks, merge(chunks)); // One push never gives two neighbours of one stream.
      assertEquals(merge(given.flat()), merge(sent));
    }),
    { numRuns: 500 },
  );
});

Deno.test("Demultiplexer tells what is no frame with a TypeError, and nothing else, whatever comes", () => {
  const bytes = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      frames.map((sent) => concat(...sent.map(({ stream, bytes }) => frame(stream, bytes)))),
    ),
  );
  fc.assert(
    fc.property(bytes, (chunks) => {
      const demultiplexer = new Demultiplexer();
      try {
        for (const chunk of chunks) {
          const size = demultiplexer.push(chunk).reduce((sum, { bytes }) => sum + bytes.length, 0);
          assert(size <= chunk.length);
        }
      } catch (error) {
        assert(error instanceof TypeError, `${error}`);
      }
    }),
    { numRuns: 300 },
  );
});
