import { Buffer } from "node:buffer";
import { findMarker } from "../core/bytes/frame_scanner.ts";
import type { ByteFilter } from "./child_output.ts";

/** Matches nowhere. */
const NEVER = "(?!)";

/**
 * Replaces words in a stream of bytes, also words that a chunk's border divides. The longest word that matches is
 * taken. Each chunk is searched once, whatever it holds: a program's output must not slow the service down.
 */
export class ByteReplacer implements ByteFilter {
  readonly #words: readonly Uint8Array[];
  readonly #longest: number;
  readonly #replacements: ReadonlyMap<string, string>;
  readonly #pattern: RegExp;
  /** The bytes with which words begin. */
  readonly #firsts: readonly number[];
  #held = "";

  constructor(replacements: Readonly<Record<string, string>>) {
    const pairs = Object.entries(replacements).map(([from, to]) => [toByteString(from), toByteString(to)] as const);
    this.#replacements = new Map(pairs);
    const words = [...this.#replacements.keys()].toSorted((a, b) => b.length - a.length);
    this.#words = words.map((word) => Buffer.from(word, "latin1"));
    this.#longest = words[0]?.length ?? 0;
    this.#firsts = [...new Set(this.#words.flatMap(([first]) => first === undefined ? [] : [first]))];
    const alternatives = words.map((word) => RegExp.escape(word));
    this.#pattern = new RegExp(alternatives.length === 0 ? NEVER : alternatives.join("|"), "g");
  }

  /** Whether bytes are held back. */
  get isHolding(): boolean {
    return this.#held !== "";
  }

  push(bytes: Uint8Array): Uint8Array {
    if (this.#held === "" && this.#firsts.every((first) => !bytes.includes(first))) return bytes;
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

  /** Number of bytes at the end that may begin a word. */
  #unfinished(rest: string): number {
    const tail = Buffer.from(rest.slice(rest.length - Math.min(rest.length, this.#longest)), "latin1");
    return tail.length - Math.min(...this.#words.map((word) => findMarker(tail, word)), tail.length);
  }
}

/** A string with one character for each byte, as text search needs it. */
function toByteString(text: string): string {
  return Buffer.from(text).toString("latin1");
}
