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

/** A source behind a filter, `first` before everything else. */
export function filtered(
  source: ChunkSource,
  { first, filter }: { readonly first: Uint8Array; readonly filter: ByteFilter },
): ChunkSource {
  let early = first.length === 0 ? undefined : first;
  let hasEnded = false;
  return {
    ...source,
    async read() {
      if (hasEnded) return undefined;
      const bytes = early ?? await source.read();
      early = undefined;
      if (bytes !== undefined) return filter.push(bytes);
      hasEnded = true;
      return filter.flush();
    },
  };
}

/** Counts what all its sources carry together, and lets nothing through beyond the bound; it tells each time that more comes. */
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
  let seen: Uint8Array<ArrayBuffer> = new Uint8Array();
  for (;;) {
    const bytes = await source.read();
    if (bytes === undefined) return { kind: "ended", rest: seen };
    seen = join(seen, bytes);
    const at = indexOf(seen, marker);
    if (at < 0 && seen.length > MAX_EARLY_BYTES) return { kind: "ended", rest: seen };
    if (at >= 0) return { kind: "ready", rest: join(seen.subarray(0, at), seen.subarray(at + marker.length)) };
  }
}

function indexOf(haystack: Uint8Array, needle: Uint8Array): number {
  for (let at = 0; at + needle.length <= haystack.length; at++) {
    if (needle.every((byte, index) => haystack[at + index] === byte)) return at;
  }
  return -1;
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
