import { concatBytes } from "../core/bytes/bytes.ts";
import { CollectedBytes } from "../core/bytes/collected_bytes.ts";
import { findMarker } from "../core/bytes/frame_scanner.ts";
import { CELL_REPORT, DISPLAY_END, PART_END, QUESTION_END, REPORT_END } from "../core/child_protocol.ts";

const LINE_FEED = REPORT_END.charCodeAt(0);
const END_OF_DISPLAY = DISPLAY_END.charCodeAt(0);
const END_OF_QUESTION = QUESTION_END.charCodeAt(0);
/** JSON never contains these bytes. */
const ENDS: readonly number[] = [PART_END.charCodeAt(0), LINE_FEED, END_OF_DISPLAY, END_OF_QUESTION];

/**
 * A piece of a stream. It is output, a display or a question as JSON, or the report of the cell's end with the output
 * after it.
 */
export type CellPiece =
  | { readonly kind: "output"; readonly bytes: Uint8Array }
  | { readonly kind: "display"; readonly bytes: Uint8Array }
  | { readonly kind: "question"; readonly bytes: Uint8Array }
  | { readonly kind: "end"; readonly report: Uint8Array; readonly rest: Uint8Array };

/**
 * Separates the reports of a cell from the output on one stream. Reports are its displays, its questions and its end. A program that
 * learns the secret can forge them, which only falsifies its own cell. Bytes that may begin a marker are held back
 * until that is clear.
 *
 * A long report comes in parts that other writers to the same pipe cannot break: a marker precedes each part, `ETB`
 * ends it when another follows; `EOT` ends the last part of a display, `ENQ` that of a
 * question, a line feed that of the end. Bytes between two
 * parts are output.
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
    this.#marker = new TextEncoder().encode(CELL_REPORT + secret);
    this.#report = new CollectedBytes(maxReportBytes);
    this.#maxParts = maxReportBytes;
  }

  /**
   * Returns the pieces of the stream, in order. Nothing follows an end.
   *
   * @throws {RangeError} when a report is too long
   */
  push(bytes: Uint8Array): CellPiece[] {
    const pieces: CellPiece[] = [];
    let left: Uint8Array | undefined = bytes;
    while (left !== undefined) {
      if (!this.#isInReport) {
        const { behind, output } = this.#split(left);
        if (output.length > 0) pieces.push({ kind: "output", bytes: output });
        left = behind;
        continue;
      }
      const at = endOfPart(left);
      this.#collect(at < 0 ? left : left.subarray(0, at));
      if (at < 0) break;
      const rest = left.subarray(at + 1);
      if (left[at] === LINE_FEED) return [...pieces, { kind: "end", report: this.#report.take(), rest }];
      if (left[at] === END_OF_DISPLAY) pieces.push({ kind: "display", bytes: this.#report.take() });
      if (left[at] === END_OF_QUESTION) pieces.push({ kind: "question", bytes: this.#report.take() });
      this.#isInReport = false;
      left = rest;
    }
    return pieces;
  }

  /** Bytes of memory that this object holds. */
  get heldBytes(): number {
    return this.#held.buffer.byteLength + this.#report.heldBytes;
  }

  /** Returns the bytes held back, when nothing follows. */
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
    if (++this.#parts > this.#maxParts) throw new RangeError("The reports of a cell have too many parts");
    return { output: all.subarray(0, at), behind: all.subarray(begin) };
  }

  #collect(bytes: Uint8Array): void {
    if (!this.#report.push(bytes)) throw new RangeError("A report of a cell is too long");
  }
}

/** The index of the first byte that ends a part, or -1. */
function endOfPart(bytes: Uint8Array): number {
  return ENDS.reduce((first, end) => {
    const at = (first < 0 ? bytes : bytes.subarray(0, first)).indexOf(end);
    return at < 0 ? first : at;
  }, -1);
}
