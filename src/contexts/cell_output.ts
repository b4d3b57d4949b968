import { concatBytes } from "../core/bytes/bytes.ts";
import { CollectedBytes } from "../core/bytes/collected_bytes.ts";
import { findMarker } from "../core/bytes/frame_scanner.ts";
import { CELL_ENDED, PART_END, REPORT_END } from "../core/child_protocol.ts";

const LINE_FEED = REPORT_END.charCodeAt(0);
/** It stands nowhere in JSON. */
const END_OF_PART = PART_END.charCodeAt(0);

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
    this.#marker = new TextEncoder().encode(CELL_ENDED + secret);
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
    const at = findMarker(all, this.#marker);
    const begin = at + this.#marker.length;
    if (begin > all.length) {
      this.#held = all.slice(at);
      return { output: all.subarray(0, at) };
    }
    this.#held = new Uint8Array();
    this.#isEnding = true;
    if (++this.#parts > this.#maxParts) throw new RangeError("The report of a cell has too many parts");
    return { output: all.subarray(0, at), behind: all.subarray(begin) };
  }

  #collect(told: Uint8Array): void {
    if (!this.#report.push(told)) throw new RangeError("The report of a cell is too long");
  }
}

/** Where the first byte that ends a part stands; -1 when there is none. */
function endOfPart(bytes: Uint8Array): number {
  const part = bytes.indexOf(END_OF_PART);
  const last = (part < 0 ? bytes : bytes.subarray(0, part)).indexOf(LINE_FEED);
  return last < 0 ? part : last;
}
