import type { OutputStream } from "../../../../src/core/execution.ts";

const NUMBERS = { stdout: 1, stderr: 2 } as const;

/** One frame of the Engine API. */
export function frame(stream: OutputStream | number, content: string | Uint8Array): Uint8Array {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const whole = new Uint8Array(8 + bytes.length);
  whole[0] = typeof stream === "number" ? stream : NUMBERS[stream];
  new DataView(whole.buffer).setUint32(4, bytes.length);
  whole.set(bytes, 8);
  return whole;
}

/** Bytes one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Bytes in pieces of one length. */
export function piecesOf(bytes: Uint8Array, length: number): Uint8Array[] {
  return Array.from(
    { length: Math.ceil(bytes.length / length) },
    (_, index) => bytes.slice(index * length, (index + 1) * length),
  );
}

/** The two pieces of bytes at every border that they have, the ends included. */
export function splitsOf(bytes: Uint8Array): [Uint8Array, Uint8Array][] {
  return Array.from({ length: bytes.length + 1 }, (_, at) => [bytes.slice(0, at), bytes.slice(at)]);
}

/** Numbers from 0 to 1 that are the same in each run (a linear congruential generator). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}

/** Chunks as they come from elsewhere. */
export async function* generate<T>(chunks: Iterable<T>): AsyncGenerator<T> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
}
