import { concatBytes } from "../../../core/bytes/bytes.ts";
import type { OutputChunk, OutputStream } from "../../../core/execution.ts";

/**
 * The length of a frame's header. It is a stream byte, three zeros, and the payload's length in four bytes, big-endian
 * (Engine API, attach).
 */
const HEADER_BYTES = 8;
const STREAMS: Readonly<Record<number, OutputStream>> = { 1: "stdout", 2: "stderr" };

/**
 * Splits the Engine's frames by stream, wherever the borders of the chunks are. Neighbouring payloads of one stream become
 * one chunk, so that a program that prints single bytes costs no more than others.
 */
export class Demultiplexer {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerLength = 0;
  /** Bytes of the current payload that have not come yet. */
  #remaining = 0;

  /** @throws {TypeError} for an unknown stream byte */
  push(bytes: Uint8Array): OutputChunk[] {
    const runs: { stream: OutputStream; parts: Uint8Array[] }[] = [];
    for (let at = 0; at < bytes.length;) {
      if (this.#remaining === 0) {
        at += this.#readHeader(bytes.subarray(at));
        continue;
      }
      const part = bytes.subarray(at, at + this.#remaining);
      const stream = this.#stream;
      const last = runs.at(-1);
      if (last?.stream === stream) last.parts.push(part);
      else runs.push({ stream, parts: [part] });
      at += part.length;
      this.#remaining -= part.length;
      if (this.#remaining === 0) this.#headerLength = 0;
    }
    return runs.map(({ stream, parts }) => ({ stream, bytes: concatBytes(parts) }));
  }

  get #stream(): OutputStream {
    const stream = STREAMS[this.#header[0] ?? 0];
    if (stream === undefined) {
      throw new TypeError(`Cannot read a frame of the Engine as it names an unknown stream: ${this.#header[0]}`);
    }
    return stream;
  }

  /** Reads bytes of the header; returns their number. */
  #readHeader(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, HEADER_BYTES - this.#headerLength);
    this.#header.set(taken, this.#headerLength);
    this.#headerLength += taken.length;
    if (this.#headerLength === HEADER_BYTES) {
      this.#remaining = new DataView(this.#header.buffer).getUint32(4);
      if (this.#remaining === 0) this.#headerLength = 0;
    }
    return taken.length;
  }
}
