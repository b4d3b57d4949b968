import { concatBytes } from "../../../core/bytes/bytes.ts";

const NEWLINE = 10;
/** A line that is longer is none. */
const MAX_LINE_BYTES = 65_536;

/** Bytes that begin with lines: the lines first, then the rest as it comes. */
export class LineReader {
  readonly #source: AsyncGenerator<Uint8Array>;
  #held: Uint8Array = new Uint8Array();

  constructor(source: AsyncGenerator<Uint8Array>) {
    this.#source = source;
  }

  /** The next line without its end; undefined where there is no whole one. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#held.indexOf(NEWLINE);
      if (end >= 0) {
        const line = new TextDecoder().decode(this.#held.subarray(0, end));
        this.#held = this.#held.subarray(end + 1);
        return line;
      }
      if (this.#held.length > MAX_LINE_BYTES) return undefined;
      const { done, value } = await this.#source.next();
      if (done) return undefined;
      this.#held = concatBytes([this.#held, value]);
    }
  }

  /** The next bytes after the lines; undefined at the end. */
  async rest(): Promise<Uint8Array | undefined> {
    if (this.#held.length > 0) {
      const held = this.#held;
      this.#held = new Uint8Array();
      return held;
    }
    const { done, value } = await this.#source.next();
    return done ? undefined : value;
  }

  /** All bytes after the lines. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (let bytes = await this.rest(); bytes !== undefined; bytes = await this.rest()) yield bytes;
  }

  async close(): Promise<void> {
    await this.#source.return(undefined);
  }
}
