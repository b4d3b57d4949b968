import { Buffer } from "node:buffer";
import type { ByteFilter } from "./child_output.ts";

interface Replacement {
  readonly from: Buffer;
  readonly to: Buffer;
}

/** Replaces words in a stream of bytes, also where a chunk's border divides one. The longest word that fits is taken. */
export class ByteReplacer implements ByteFilter {
  readonly #replacements: readonly Replacement[];
  #held: Buffer = Buffer.alloc(0);

  constructor(replacements: Readonly<Record<string, string>>) {
    this.#replacements = Object.entries(replacements)
      .map(([from, to]) => ({ from: Buffer.from(from), to: Buffer.from(to) }))
      .sort((a, b) => b.from.length - a.from.length);
  }

  push(bytes: Uint8Array): Uint8Array {
    const all = Buffer.concat([this.#held, bytes]);
    const parts: Uint8Array[] = [];
    let done = 0;
    for (let next = this.#find(all, done); next !== undefined; next = this.#find(all, done)) {
      parts.push(all.subarray(done, next.at), next.to);
      done = next.at + next.length;
    }
    const held = this.#unfinished(all.subarray(done));
    parts.push(all.subarray(done, all.length - held));
    this.#held = all.subarray(all.length - held);
    return Buffer.concat(parts);
  }

  flush(): Uint8Array {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return rest;
  }

  #find(all: Buffer, start: number): { at: number; length: number; to: Buffer } | undefined {
    let first: { at: number; length: number; to: Buffer } | undefined;
    for (const { from, to } of this.#replacements) {
      const at = all.indexOf(from, start);
      if (at >= 0 && (first === undefined || at < first.at)) first = { at, length: from.length, to };
    }
    return first;
  }

  /** How many bytes at the end may be the beginning of a word. */
  #unfinished(rest: Buffer): number {
    const longest = Math.max(0, ...this.#replacements.map(({ from }) => from.length - 1));
    for (let length = Math.min(longest, rest.length); length > 0; length--) {
      const tail = rest.subarray(rest.length - length);
      if (this.#replacements.some(({ from }) => length < from.length && from.subarray(0, length).equals(tail))) {
        return length;
      }
    }
    return 0;
  }
}
