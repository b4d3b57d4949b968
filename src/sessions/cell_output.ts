import { Buffer } from "node:buffer";
import { concatBytes } from "../core/bytes.ts";
import { CollectedBytes } from "../core/collected_bytes.ts";

/** What stands before a cell's secret where its end is told. */
const END = "\0\x07\x02";
const LINE_FEED = 10;

/** What a piece of a stream holds of the program's output, and of the word of its cell's end. */
export interface CellPiece {
  readonly output: Uint8Array;
  /** Present once the cell's end was told: what was told, and what the program printed behind it. */
  readonly end?: { readonly report: Uint8Array; readonly rest: Uint8Array };
}

/**
 * Takes the word of a cell's end out of one stream of its context. The program can print whatever it likes, and the word
 * too if it finds the secret out: it would only end its own cell. What may become the word is held back until it is known.
 */
export class CellOutput {
  readonly #marker: Uint8Array;
  #held: Uint8Array = new Uint8Array();
  /** What was told of the end so far. */
  readonly #report: CollectedBytes;
  #isEnding = false;

  constructor(secret: string, { maxReportBytes }: { readonly maxReportBytes: number }) {
    this.#marker = new TextEncoder().encode(END + secret);
    this.#report = new CollectedBytes(maxReportBytes);
  }

  /** @throws {RangeError} when more is told of the end than there can be */
  push(bytes: Uint8Array): CellPiece {
    if (this.#isEnding) return { output: new Uint8Array(), ...this.#take(bytes) };
    const all = concatBytes([this.#held, bytes]);
    const at = viewOf(all).indexOf(this.#marker);
    if (at >= 0) {
      this.#isEnding = true;
      this.#held = new Uint8Array();
      return { output: all.subarray(0, at), ...this.#take(all.subarray(at + this.#marker.length)) };
    }
    const whole = all.length - this.#beginning(all);
    this.#held = all.slice(whole);
    return { output: all.subarray(0, whole) };
  }

  /** How much memory is held for what is not told yet. */
  get heldBytes(): number {
    return this.#held.buffer.byteLength + this.#report.heldBytes;
  }

  /** What was held back, when nothing follows. */
  flush(): Uint8Array {
    const held = this.#held;
    this.#held = new Uint8Array();
    return held;
  }

  #take(bytes: Uint8Array): Pick<CellPiece, "end"> {
    const at = bytes.indexOf(LINE_FEED);
    const told = at < 0 ? bytes : bytes.subarray(0, at);
    if (!this.#report.push(told)) throw new RangeError("The report of a cell is too long");
    return at < 0 ? {} : { end: { report: this.#report.take(), rest: bytes.subarray(at + 1) } };
  }

  /** How many of the last bytes may be the beginning of the marker. */
  #beginning(bytes: Uint8Array): number {
    for (let length = Math.min(this.#marker.length - 1, bytes.length); length > 0; length--) {
      const tail = bytes.subarray(bytes.length - length);
      if (tail.every((byte, index) => byte === this.#marker[index])) return length;
    }
    return 0;
  }
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
