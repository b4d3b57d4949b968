import { Buffer } from "node:buffer";
import type { ByteFilter } from "./child_output.ts";

/** Matches nowhere. */
const NEVER = "(?!)";

/**
 * Replaces words in a stream of bytes, also where a chunk's border divides one; the longest word that fits is taken. Each
 * chunk is passed over once, whatever it holds: what a program prints must not slow the service down.
 */
export class ByteReplacer implements ByteFilter {
  readonly #words: readonly string[];
  readonly #replacements: ReadonlyMap<string, string>;
  readonly #pattern: RegExp;
  #held = "";

  constructor(replacements: Readonly<Record<string, string>>) {
    const pairs = Object.entries(replacements).map(([from, to]) => [toByteString(from), toByteString(to)] as const);
    this.#replacements = new Map(pairs);
    this.#words = [...this.#replacements.keys()].toSorted((a, b) => b.length - a.length);
    const alternatives = this.#words.map((word) => RegExp.escape(word));
    this.#pattern = new RegExp(alternatives.length === 0 ? NEVER : alternatives.join("|"), "g");
  }

  push(bytes: Uint8Array): Uint8Array {
    const text = this.#held + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    const replaced: string[] = [];
    let done = 0;
    for (const match of text.matchAll(this.#pattern)) {
      replaced.push(text.slice(done, match.index), this.#replacements.get(match[0]) ?? match[0]);
      done = match.index + match[0].length;
    }
    const held = this.#unfinished(text.slice(done));
    replaced.push(text.slice(done, text.length - held));
    this.#held = text.slice(text.length - held);
    return Buffer.from(replaced.join(""), "latin1");
  }

  flush(): Uint8Array {
    const rest = this.#held;
    this.#held = "";
    return Buffer.from(rest, "latin1");
  }

  /** How many bytes at the end may be the beginning of a word. */
  #unfinished(rest: string): number {
    const longest = Math.max(0, ...this.#words.map((word) => word.length - 1));
    for (let length = Math.min(longest, rest.length); length > 0; length--) {
      const tail = rest.slice(-length);
      if (this.#words.some((word) => length < word.length && word.startsWith(tail))) return length;
    }
    return 0;
  }
}

/** A string with one character for each byte, as text search needs it. */
function toByteString(text: string): string {
  return Buffer.from(text).toString("latin1");
}
