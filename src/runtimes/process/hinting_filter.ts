import { concatBytes } from "../../core/bytes/bytes.ts";
import type { ByteFilter } from "../../process/child_output.ts";

/** How many characters of the output's end a pattern is searched in. */
const TAIL_LENGTH = 4_096;

/** The remedy of an error that a tool reports in its own words. */
export interface Hint {
  readonly pattern: RegExp;
  /** One line, which follows the tool's own output. */
  readonly text: string;
}

/** Lets output pass, and adds the hints whose patterns its end matches. */
export class HintingFilter implements ByteFilter {
  readonly #inner: ByteFilter;
  readonly #hints: readonly Hint[];
  readonly #decoder = new TextDecoder("latin1");
  #tail = "";

  constructor(inner: ByteFilter, hints: readonly Hint[]) {
    this.#inner = inner;
    this.#hints = hints;
  }

  push(bytes: Uint8Array): Uint8Array {
    return this.#follow(this.#inner.push(bytes));
  }

  flush(): Uint8Array {
    const rest = this.#follow(this.#inner.flush());
    const found = this.#hints.filter(({ pattern }) => pattern.test(this.#tail));
    return concatBytes([rest, new TextEncoder().encode(found.map(({ text }) => `${text}\n`).join(""))]);
  }

  #follow(bytes: Uint8Array): Uint8Array {
    this.#tail = (this.#tail + this.#decoder.decode(bytes)).slice(-TAIL_LENGTH);
    return bytes;
  }
}
