import { concatBytes } from "../../../core/bytes/bytes.ts";
import type { OutputChunk, OutputStream } from "../../../core/execution.ts";

/** A frame is one byte of stream, three of nothing, four of length (big-endian), and its bytes: Engine API, attach. */
const HEADER_BYTES = 8;
const STREAMS: Readonly<Record<number, OutputStream>> = { 1: "stdout", 2: "stderr" };

/**
 * Takes the Engine's frames apart, wherever the borders of the chunks lie. Neighbouring pieces of one stream come out as one
 * chunk, so that a program which prints single bytes costs no more than one that does not.
 */
export class Demultiplexer {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerLength = 0;
  #left = 0;

  /** @throws {TypeError} for what is no frame */
  push(bytes: Uint8Array): OutputChunk[] {
    const runs: { stream: OutputStream; parts: Uint8Array[] }[] = [];
    for (let at = 0; at < bytes.length;) {
      if (this.#left === 0) {
        at += this.#takeHeader(bytes.subarray(at));
        continue;
      }
      const part = bytes.subarray(at, at + this.#left);
      const stream = this.#stream;
      const last = runs.at(-1);
      if (last?.stream === stream) last.parts.push(part);
      else runs.push({ stream, parts: [part] });
      at += part.length;
      this.#left -= part.length;
      if (this.#left === 0) this.#headerLength = 0;
    }
    return runs.map(({ stream, parts }) => ({ stream, bytes: concatBytes(parts) }));
  }

  get #stream(): OutputStream {
    const stream = STREAMS[this.#header[0] ?? 0];
    if (stream === undefined) throw new TypeError(`The Engine sent a frame of an unknown stream: ${this.#header[0]}`);
    return stream;
  }

  /** How many bytes belong to the header. */
  #takeHeader(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, HEADER_BYTES - this.#headerLength);
    this.#header.set(taken, this.#headerLength);
    this.#headerLength += taken.length;
    if (this.#headerLength === HEADER_BYTES) {
      this.#left = new DataView(this.#header.buffer).getUint32(4);
      if (this.#left === 0) this.#headerLength = 0;
    }
    return taken.length;
  }
}
