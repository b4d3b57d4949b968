import { Buffer } from "node:buffer";
import { BoundedOutput } from "../../core/bytes/bounded_output.ts";
import { concatBytes } from "../../core/bytes/bytes.ts";
import { DenialLog, type DenialRecord, MAX_DENIAL_RECORDS } from "../../core/denials/denial_report.ts";
import type { ByteFilter } from "../../process/child_output.ts";
import { readLastWords } from "./last_words.ts";
import type { ReportedDenial } from "./read_refusal.ts";

/** What start.js puts around what it tells, and the most that lies between. */
const BEGIN = new TextEncoder().encode("\0\x07[");
const END = 0;
const MAX_FRAME_BYTES = 16_384;
/** A program that writes more of them is not listened to any more: reading them takes this service's time. */
const MAX_FRAMES = 2 * MAX_DENIAL_RECORDS;

/** What is kept of everything else, to find Deno's last words in it. */
const MAX_KEPT_BYTES = 16_384;

/**
 * Takes what start.js tells of denials out of a program's stderr, and hands everything else on to another filter. The
 * program could write such words itself: it would only falsify its own denials.
 */
export class DenialReader implements ByteFilter {
  #log = new DenialLog();
  readonly #next: ByteFilter;
  readonly #read: (told: ReportedDenial) => DenialRecord | undefined;
  #kept = new BoundedOutput(MAX_KEPT_BYTES);
  #held: Uint8Array = new Uint8Array();
  #frames = 0;

  /** @param read what a denial means; undefined for what is none */
  constructor(next: ByteFilter, read: (told: ReportedDenial) => DenialRecord | undefined) {
    this.#next = next;
    this.#read = read;
  }

  /** Those so far; everything once the output has been read. */
  get denials(): readonly DenialRecord[] {
    for (const told of readLastWords(this.#kept.read().text)) this.#note(told);
    return this.#log.denials;
  }

  /** Begins anew, as for another program. */
  forget(): void {
    this.#log = new DenialLog();
    this.#kept = new BoundedOutput(MAX_KEPT_BYTES);
    this.#frames = 0;
  }

  push(bytes: Uint8Array): Uint8Array {
    const own = this.#takeFrames(concatBytes([this.#held, bytes]));
    this.#kept.push(own);
    return this.#next.push(own);
  }

  flush(): Uint8Array {
    const rest = this.#next.push(this.#held);
    this.#held = new Uint8Array();
    return concatBytes([rest, this.#next.flush()]);
  }

  #takeFrames(bytes: Uint8Array): Uint8Array {
    const kept: Uint8Array[] = [];
    let from = 0;
    let at = this.#find(bytes, 0);
    while (at >= 0) {
      const end = bytes.indexOf(END, at + 1);
      const length = (end < 0 ? bytes.length : end) - at;
      if (end < 0 && length <= MAX_FRAME_BYTES) break;
      const isWhole = end >= 0 && length <= MAX_FRAME_BYTES && this.#take(bytes.subarray(at + 2, end));
      if (isWhole) {
        kept.push(bytes.subarray(from, at));
        from = end + 1;
      }
      at = this.#find(bytes, isWhole ? from : at + 1);
    }
    const rest = at < 0 ? bytes.length : at;
    this.#held = bytes.slice(rest);
    kept.push(bytes.subarray(from, rest));
    return concatBytes(kept);
  }

  /** Where a frame begins, or the bytes end in what may become one; programs print zeros by the million. */
  #find(bytes: Uint8Array, from: number): number {
    if (this.#frames >= MAX_FRAMES) return -1;
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(BEGIN, from);
    if (whole >= 0) return whole;
    for (let at = Math.max(from, bytes.length - BEGIN.length + 1); at < bytes.length; at++) {
      if (bytes.subarray(at).every((byte, index) => byte === BEGIN[index])) return at;
    }
    return -1;
  }

  #note(told: ReportedDenial): void {
    const denial = this.#read(told);
    if (denial !== undefined) this.#log.add(denial);
  }

  /** Whether it was a frame. */
  #take(bytes: Uint8Array): boolean {
    this.#frames++;
    try {
      const told: unknown = JSON.parse(new TextDecoder().decode(bytes));
      if (!Array.isArray(told)) return false;
      const [message, stack]: readonly unknown[] = told;
      if (typeof message !== "string" || typeof stack !== "string") return false;
      this.#note({ message, stack });
      return true;
    } catch {
      return false; // The program's own bytes, which happen to begin like one.
    }
  }
}
