import { concatBytes } from "../core/bytes/bytes.ts";
import { CollectedBytes } from "../core/bytes/collected_bytes.ts";
import { findMarker } from "../core/bytes/frame_scanner.ts";
import { CELL_ENDED, PART_END, REPORT_END } from "../core/child_protocol.ts";

const LINE_FEED = REPORT_END.charCodeAt(0);
/** JSON never contains this byte. */
const END_OF_PART = PART_END.charCodeAt(0);

/** The output in a piece of a stream, and the end of the cell when the piece holds it. */
export interface CellPiece {
  readonly output: Uint8Array;
  /** The report of the cell's end, and the output after it. */
  readonly end?: { readonly report: Uint8Array; readonly rest: Uint8Array };
}

/**
 * Separates the report of a cell's end from the output on one stream. A program that finds the secret out can forge the
 * report, which only ends its own cell. Bytes that may begin a marker are held back until that is clear. A long report
 * comes in parts that other writers to the same pipe cannot break: a marker precedes each part, `ETB` ends it when
 * another follows, a line feed ends the last. Bytes between two parts are output.
 */
export class CellOutput {
  readonly #marker: Uint8Array;
  #held: Uint8Array = new Uint8Array();
  readonly #report: CollectedBytes;
  readonly #maxParts: number;
  #parts = 0;
  /** Whether a part of the report has begun and not ended. */
  #isInReport = false;

  constructor(secret: string, { maxReportBytes }: { readonly maxReportBytes: number }) {
    this.#marker = new TextEncoder().encode(CELL_ENDED + secret);
    this.#report = new CollectedBytes(maxReportBytes);
    this.#maxParts = maxReportBytes;
  }

  /** @throws {RangeError} when the report is longer than it can be */
  push(bytes: Uint8Array): CellPiece {
    const outputs: Uint8Array[] = [];
    let left: Uint8Array | undefined = bytes;
    while (left !== undefined) {
      if (!this.#isInReport) {
        const { behind, output } = this.#split(left);
        outputs.push(output);
        left = behind;
        continue;
      }
      const at = endOfPart(left);
      this.#collect(at < 0 ? left : left.subarray(0, at));
      if (at < 0) break;
      const rest = left.subarray(at + 1);
      if (left[at] === LINE_FEED) return { output: concatBytes(outputs), end: { report: this.#report.take(), rest } };
      this.#isInReport = false;
      left = rest;
    }
    return { output: concatBytes(outputs) };
  }

  /** Bytes of memory that are held. */
  get heldBytes(): number {
    return this.#held.buffer.byteLength + this.#report.heldBytes;
  }

  /** Returns the bytes that were held back, when nothing follows. */
  flush(): Uint8Array {
    const held = this.#held;
    this.#held = new Uint8Array();
    return held;
  }

  /** Splits bytes at the marker into output and the rest. */
  #split(bytes: Uint8Array): { readonly output: Uint8Array; readonly behind?: Uint8Array } {
    const all = concatBytes([this.#held, bytes]);
    const at = findMarker(all, this.#marker);
    const begin = at + this.#marker.length;
    if (begin > all.length) {
      this.#held = all.slice(at);
      return { output: all.subarray(0, at) };
    }
    this.#held = new Uint8Array();
    this.#isInReport = true;
    if (++this.#parts > this.#maxParts) throw new RangeError("The report of a cell has too many parts");
    return { output: all.subarray(0, at), behind: all.subarray(begin) };
  }

  #collect(bytes: Uint8Array): void {
    if (!this.#report.push(bytes)) throw new RangeError("The report of a cell is too long");
  }
}

/** The index of the first byte that ends a part, or -1. */
function endOfPart(bytes: Uint8Array): number {
  const part = bytes.indexOf(END_OF_PART);
  const last = (part < 0 ? bytes : bytes.subarray(0, part)).indexOf(LINE_FEED);
  return last < 0 ? part : last;
}
