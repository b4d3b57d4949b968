import { concatBytes } from "../core/bytes/bytes.ts";
import { findMarker, FrameScanner, type Reading } from "../core/bytes/frame_scanner.ts";
import { ENDED } from "../core/child_protocol.ts";
import type { OutputStream } from "../core/execution.ts";
import type { ChunkSource } from "./merge_output.ts";

/** Rewrites a stream of bytes. It may hold bytes back until it knows the next ones. */
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

/** Puts a filter behind a source. */
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

/** Puts a prefix before a source. */
export function withPrefix(source: ChunkSource, first: Uint8Array): ChunkSource {
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

/** The longest exit code, and the NUL behind it. */
const MAX_CODE_BYTES = 4;

/** Cuts a source where the program reports its end. Later bytes are not read. */
export function untilExitMarker(source: ChunkSource, onEnd: (code: number) => void): ChunkSource {
  const scanner = new FrameScanner(ENDED, readExitCode);
  let isOver = false;
  return {
    ...source,
    async read() {
      if (isOver) return undefined;
      const bytes = await source.read();
      if (bytes === undefined) {
        isOver = true;
        const held = scanner.flush();
        return held.length === 0 ? undefined : held;
      }
      const output: Uint8Array[] = [];
      for (const piece of scanner.push(bytes)) {
        if ("bytes" in piece) {
          output.push(piece.bytes);
          continue;
        }
        isOver = true;
        source.cancel().catch(() => {}); // The source has failed, and is closed.
        onEnd(piece.frame);
        break;
      }
      return concatBytes(output);
    },
  };
}

function readExitCode(behind: Uint8Array): Reading<number> {
  const text = new TextDecoder("latin1").decode(behind.subarray(0, MAX_CODE_BYTES));
  const [frame, code] = /^(\d{1,3})\0/.exec(text) ?? [];
  if (frame !== undefined) return { frame: Number(code), length: frame.length };
  return behind.length < MAX_CODE_BYTES && /^\d*$/.test(text) ? "incomplete" : "no_frame";
}

/**
 * Bounds the output of all its sources together. It passes nothing beyond the bound, and reports each time that more
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

  /** Counts bytes, and returns those within the bound. */
  take(bytes: Uint8Array): Uint8Array {
    const room = Math.max(this.#limitBytes - this.#total, 0);
    this.#total += bytes.length;
    if (this.#total > this.#limitBytes) this.#onExceeded(this.#total);
    return bytes.subarray(0, room);
  }
}

/** Most bytes before the marker. A source that brings more has no marker. */
const MAX_EARLY_BYTES = 8_192;

/** The bytes of a source up to a marker, and the result of the search. */
export interface MarkerSearch {
  /** `ended` when there was no marker: the source has ended, or brings too many bytes. */
  readonly kind: "ready" | "ended";
  /** The bytes before and behind the marker. */
  readonly rest: Uint8Array;
}

/** Reads a source up to a marker. */
export async function readUpTo(marker: Uint8Array, source: ChunkSource): Promise<MarkerSearch> {
  let seen: Uint8Array = new Uint8Array();
  for (;;) {
    const bytes = await source.read();
    if (bytes === undefined) return { kind: "ended", rest: seen };
    seen = concatBytes([seen, bytes]);
    const at = findMarker(seen, marker);
    const behind = at + marker.length;
    if (behind <= seen.length) {
      return { kind: "ready", rest: concatBytes([seen.subarray(0, at), seen.subarray(behind)]) };
    }
    if (seen.length > MAX_EARLY_BYTES) return { kind: "ended", rest: seen };
  }
}
