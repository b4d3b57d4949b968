import { Buffer } from "node:buffer";
import { concatBytes } from "../core/bytes/bytes.ts";
import type { OutputStream } from "../core/execution.ts";
import type { ChunkSource } from "./merge_output.ts";

/** Rewrites a stream of bytes; may hold some back until it knows what follows them. */
export interface ByteFilter {
  push(bytes: Uint8Array): Uint8Array;
  flush(): Uint8Array;
}

/** One pipe of a child. */
export function pipeSource(stream: OutputStream, pipe: ReadableStream<Uint8Array>): ChunkSource {
  const reader = pipe.getReader();
  return {
    stream,
    read: async () => (await reader.read()).value,
    cancel: () => reader.cancel(),
  };
}

/** A source behind a filter. */
export function filtered(source: ChunkSource, filter: ByteFilter): ChunkSource {
  let hasEnded = false;
  return {
    ...source,
    async read() {
      if (hasEnded) return undefined;
      const bytes = await source.read();
      if (bytes !== undefined) return filter.push(bytes);
      hasEnded = true;
      return filter.flush();
    },
  };
}

/** A source with something before everything else. */
export function preceded(source: ChunkSource, first: Uint8Array): ChunkSource {
  let early = first.length === 0 ? undefined : first;
  return {
    ...source,
    async read() {
      const bytes = early ?? await source.read();
      early = undefined;
      return bytes;
    },
  };
}

/** How a program tells its end itself: this, its exit code in decimal, and a NUL, after everything else. */
const END_BEGIN = new TextEncoder().encode("\0\x07\x04");
/** The marker, a code, and the NUL. */
const MAX_END_BYTES = END_BEGIN.length + 4;

/**
 * A source up to where the program tells its end; what would follow is not read. What may become the marker is held
 * back until it is known.
 */
export function untilEnd(source: ChunkSource, onEnd: (code: number) => void): ChunkSource {
  let held: Uint8Array = new Uint8Array();
  let isOver = false;
  return {
    ...source,
    async read() {
      if (isOver) return undefined;
      const bytes = await source.read();
      if (bytes === undefined) {
        isOver = true;
        return held.length === 0 ? undefined : held;
      }
      const all = held.length === 0 ? bytes : concatBytes([held, bytes]);
      const end = findEnd(all);
      held = end.code === undefined ? all.slice(end.at) : new Uint8Array();
      if (end.code !== undefined) {
        isOver = true;
        source.cancel().catch(() => {}); // It has failed, and is closed.
        onEnd(end.code);
      }
      return all.subarray(0, end.at);
    },
  };
}

/** Where an end is told, or where the bytes end in what may become one; else behind them. */
function findEnd(bytes: Uint8Array): { readonly at: number; readonly code?: number } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = buffer.indexOf(END_BEGIN); at >= 0; at = buffer.indexOf(END_BEGIN, at + 1)) {
    const told = buffer.toString("latin1", at + END_BEGIN.length, at + MAX_END_BYTES);
    const [, code] = /^(\d{1,3})\0/.exec(told) ?? [];
    if (code !== undefined) return { at, code: Number(code) };
    if (at + MAX_END_BYTES > bytes.length && /^\d{0,3}$/.test(told)) return { at };
  }
  for (let at = Math.max(0, bytes.length - END_BEGIN.length + 1); at < bytes.length; at++) {
    if (bytes.subarray(at).every((byte, index) => byte === END_BEGIN[index])) return { at };
  }
  return { at: bytes.length };
}

/**
 * Counts what all its sources carry together, and lets nothing through beyond the bound; it tells each time that more
 * comes.
 */
export class OutputBudget {
  #total = 0;
  readonly #limitBytes: number;
  readonly #onExceeded: (observedBytes: number) => void;

  constructor(limitBytes: number, onExceeded: (observedBytes: number) => void) {
    this.#limitBytes = limitBytes;
    this.#onExceeded = onExceeded;
  }

  bound(source: ChunkSource): ChunkSource {
    return {
      ...source,
      read: async () => {
        const bytes = await source.read();
        return bytes === undefined ? undefined : this.take(bytes);
      },
    };
  }

  /** What of some bytes is within the bound. */
  take(bytes: Uint8Array): Uint8Array {
    const room = Math.max(this.#limitBytes - this.#total, 0);
    this.#total += bytes.length;
    if (this.#total > this.#limitBytes) this.#onExceeded(this.#total);
    return bytes.subarray(0, room);
  }
}

/** Bytes before the marker; a source that brings more has none. */
const MAX_EARLY_BYTES = 8_192;

/** What a source brought up to a marker. */
export interface Early {
  /** `ended` when there was no marker: the source is over, or brings too much. */
  readonly kind: "ready" | "ended";
  /** What stood before the marker and behind it. */
  readonly rest: Uint8Array;
}

/** Reads a source up to a marker. */
export async function readUpTo(marker: Uint8Array, source: ChunkSource): Promise<Early> {
  let seen: Uint8Array = new Uint8Array();
  for (;;) {
    const bytes = await source.read();
    if (bytes === undefined) return { kind: "ended", rest: seen };
    seen = concatBytes([seen, bytes]);
    const at = indexOf(seen, marker);
    if (at < 0 && seen.length > MAX_EARLY_BYTES) return { kind: "ended", rest: seen };
    if (at >= 0) return { kind: "ready", rest: concatBytes([seen.subarray(0, at), seen.subarray(at + marker.length)]) };
  }
}

function indexOf(haystack: Uint8Array, needle: Uint8Array): number {
  for (let at = 0; at + needle.length <= haystack.length; at++) {
    if (needle.every((byte, index) => haystack[at + index] === byte)) return at;
  }
  return -1;
}
