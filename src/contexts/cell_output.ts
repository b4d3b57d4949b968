import { Buffer } from "node:buffer";
import { concatBytes } from "../core/bytes/bytes.ts";
import { CollectedBytes } from "../core/bytes/collected_bytes.ts";

/** What stands before a cell's secret where its end is told. */
const END = "\0\x07\x02";
const LINE_FEED = 10;
/** `ETB`, which stands nowhere in JSON. */
const END_OF_PART = 23;

/** What a piece of a stream holds of the program's output, and of the word of its cell's end. */
export interface CellPiece {
  readonly output: Uint8Array;
  /** Present once the cell's end was told: what was told, and what the program printed behind it. */
  readonly end?: { readonly report: Uint8Array; readonly rest: Uint8Array };
}

/**
 * Takes the word of a cell's end out of one stream of its context. The program can print whatever it likes, and the word
 * too if it finds the secret out: it would only end its own cell. What may become the word is held back until it is known.
 * A long word comes in parts that other writers to the same pipe cannot break: each has the marker before it, and ends with
 * `ETB` where another follows, with a line feed where it is the last. What stands between them is output.
 */
export class CellOutput {
  readonly #marker: Uint8Array;
  #held: Uint8Array = new Uint8Array();
  /** What was told of the end so far. */
  readonly #report: CollectedBytes;
  readonly #maxParts: number;
  #parts = 0;
  /** Whether a part has begun, and not ended. */
  #isEnding = false;

  constructor(secret: string, { maxReportBytes }: { readonly maxReportBytes: number }) {
    this.#marker = new TextEncoder().encode(END + secret);
    this.#report = new CollectedBytes(maxReportBytes);
    this.#maxParts = maxReportBytes;
  }

  /** @throws {RangeError} when more is told of the end than there can be */
  push(bytes: Uint8Array): CellPiece {
    const outputs: Uint8Array[] = [];
    let left: Uint8Array | undefined = bytes;
    while (left !== undefined) {
      if (!this.#isEnding) {
        const { behind, output } = this.#print(left);
        outputs.push(output);
        left = behind;
        continue;
      }
      const at = endOfPart(left);
      this.#collect(at < 0 ? left : left.subarray(0, at));
      if (at < 0) break;
      const rest = left.subarray(at + 1);
      if (left[at] === LINE_FEED) return { output: concatBytes(outputs), end: { report: this.#report.take(), rest } };
      this.#isEnding = false;
      left = rest;
    }
    return { output: concatBytes(outputs) };
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

  /** What of these bytes is output, and what stands behind the marker if it is among them. */
  #print(bytes: Uint8Array): { readonly output: Uint8Array; readonly behind?: Uint8Array } {
    const all = concatBytes([this.#held, bytes]);
    const at = viewOf(all).indexOf(this.#marker);
    if (at < 0) {
      const whole = all.length - this.#beginning(all);
      this.#held = all.slice(whole);
      return { output: all.subarray(0, whole) };
    }
    this.#held = new Uint8Array();
    this.#isEnding = true;
    if (++this.#parts > this.#maxParts) throw new RangeError("The report of a cell has too many parts");
    return { output: all.subarray(0, at), behind: all.subarray(at + this.#marker.length) };
  }

  #collect(told: Uint8Array): void {
    if (!this.#report.push(told)) throw new RangeError("The report of a cell is too long");
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

/** Where the first byte that ends a part stands; -1 when there is none. */
function endOfPart(bytes: Uint8Array): number {
  const part = bytes.indexOf(END_OF_PART);
  const last = (part < 0 ? bytes : bytes.subarray(0, part)).indexOf(LINE_FEED);
  return last < 0 ? part : last;
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
