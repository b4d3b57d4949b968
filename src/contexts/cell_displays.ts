import { MAX_DISPLAYS } from "../core/answers/vocabulary.ts";
import { type MimeBundle, readDisplay } from "../core/cell.ts";
import { MAX_RESULT_BYTES, parseDisplay } from "./cell_report.ts";

/** The displays of one cell, in order. */
export class CellDisplays {
  readonly #all: MimeBundle[] = [];
  #bytes = 0;

  get all(): readonly MimeBundle[] {
    return this.#all;
  }

  /** Adds a display. Undefined when the display is malformed, or more than an interpreter sends. */
  add(bytes: Uint8Array): MimeBundle | undefined {
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_RESULT_BYTES || this.#all.length >= MAX_DISPLAYS) return undefined;
    const parsed = parseDisplay(bytes);
    if (parsed === undefined) return undefined;
    const bundle = readDisplay(parsed);
    this.#all.push(bundle);
    return bundle;
  }
}
