import { concatBytes } from "../../../core/bytes/bytes.ts";

const NEWLINE = 10;
/** The length of the longest line. A longer line counts as missing. */
const MAX_LINE_BYTES = 65_536;

/** Reads lines at the beginning of a stream of bytes, and then the rest. */
export class LineReader {
  readonly #source: AsyncGenerator<Uint8Array>;
  #buffer: Uint8Array = new Uint8Array();

  constructor(source: AsyncGenerator<Uint8Array>) {
    this.#source = source;
  }

  /** The next line without its newline; undefined where there is no whole line. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#buffer.indexOf(NEWLINE);
      if (end >= 0) {
        const line = new TextDecoder().decode(this.#buffer.subarray(0, end));
        this.#buffer = this.#buffer.subarray(end + 1);
        return line;
      }
      if (this.#buffer.length > MAX_LINE_BYTES) return undefined;
      const { done, value } = await this.#source.next();
      if (done) return undefined;
      this.#buffer = concatBytes([this.#buffer, value]);
    }
  }

  /** The next bytes after the last line; undefined at the end. */
  async rest(): Promise<Uint8Array | undefined> {
    if (this.#buffer.length > 0) {
      const bytes = this.#buffer;
      this.#buffer = new Uint8Array();
      return bytes;
    }
    const { done, value } = await this.#source.next();
    return done ? undefined : value;
  }

  /** Exactly `count` bytes after the last line; undefined where the stream ends before. */
  async bytes(count: number): Promise<Uint8Array | undefined> {
    const parts: Uint8Array[] = [];
    for (let left = count; left > 0;) {
      const bytes = await this.rest();
      if (bytes === undefined) return undefined;
      if (bytes.length > left) this.#buffer = bytes.subarray(left);
      const part = bytes.subarray(0, left);
      parts.push(part);
      left -= part.length;
    }
    return concatBytes(parts);
  }

  /** All bytes after the last line. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (let bytes = await this.rest(); bytes !== undefined; bytes = await this.rest()) yield bytes;
  }

  async close(): Promise<void> {
    await this.#source.return(undefined);
  }
}
