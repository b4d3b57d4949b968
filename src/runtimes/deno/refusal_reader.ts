import { BoundedOutput } from "../../core/bytes/bounded_output.ts";
import { concatBytes } from "../../core/bytes/bytes.ts";
import { FrameScanner, type Reading } from "../../core/bytes/frame_scanner.ts";
import { DENIED } from "../../core/child_protocol.ts";
import { DenialLog, type DenialRecord, MAX_DENIAL_RECORDS } from "../../core/denials/denial_report.ts";
import type { ByteFilter } from "../../process/child_output.ts";
import { readLastWords } from "./last_words.ts";
import type { ReportedDenial } from "./read_refusal.ts";

/** What ends a frame, and the most bytes of one. */
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
  readonly #scanner = new FrameScanner(DENIED, (behind) => this.#readFrame(behind));
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
    const own = concatBytes([...this.#scanner.push(bytes)].flatMap((piece) => "bytes" in piece ? [piece.bytes] : []));
    this.#kept.push(own);
    return this.#next.push(own);
  }

  flush(): Uint8Array {
    return concatBytes([this.#next.push(this.#scanner.flush()), this.#next.flush()]);
  }

  #note(told: ReportedDenial): void {
    const denial = this.#read(told);
    if (denial !== undefined) this.#log.add(denial);
  }

  #readFrame(behind: Uint8Array): Reading<true> {
    if (this.#frames >= MAX_FRAMES) return "no_frame";
    const end = behind.indexOf(END);
    if ((end < 0 ? behind.length : end) > MAX_FRAME_BYTES) return "no_frame";
    if (end < 0) return "incomplete";
    this.#frames++;
    return this.#take(`[${new TextDecoder().decode(behind.subarray(0, end))}`)
      ? { frame: true, length: end + 1 }
      : "no_frame";
  }

  /** Whether it was a frame. */
  #take(text: string): boolean {
    try {
      const told: unknown = JSON.parse(text);
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
