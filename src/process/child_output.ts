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

/** The most bytes of one read: a pipe holds no more by default. */
const READ_BYTES = 65_536;
/** The longest chunk that is copied. A longer one keeps its buffer, and the next read gets another. */
const MAX_COPIED_BYTES = READ_BYTES / 4;

/**
 * One pipe of a child, as a stream of bytes. All short reads share one buffer: without a buffer of the reader's, each
 * read would take one of 64 KiB, and short cells would spend their time on that memory.
 */
export function pipeSource(stream: OutputStream, pipe: ReadableStream<Uint8Array>): ChunkSource {
  const reader = pipe.getReader({ mode: "byob" });
  let buffer: ArrayBuffer | undefined = new ArrayBuffer(READ_BYTES);
  return {
    stream,
    async read() {
      if (buffer === undefined) return undefined;
      const { done, value } = await reader.read(new Uint8Array(buffer));
      buffer = undefined;
      if (done) return undefined;
      const isCopied = value.length <= MAX_COPIED_BYTES;
      buffer = isCopied ? value.buffer : new ArrayBuffer(READ_BYTES);
      return isCopied ? value.slice() : value;
    },
    cancel: () => reader.cancel(),
  };
}

/** Puts a step behind a source. The step gets each chunk, and undefined at the end. */
function through(source: ChunkSource, step: (bytes: Uint8Array | undefined) => Uint8Array | undefined): ChunkSource {
  // Not an asynchronous function: each chunk passes several steps, and a cell waits for all of them.
  return { ...source, read: () => source.read().then(step) };
}

/** Puts a filter behind a source. */
export function filtered(source: ChunkSource, filter: ByteFilter): ChunkSource {
  let hasEnded = false;
  return through(source, (bytes) => {
    if (bytes !== undefined) return filter.push(bytes);
    if (hasEnded) return undefined;
    hasEnded = true;
    return filter.flush();
  });
}

/** Puts a prefix before a source. */
export function withPrefix(source: ChunkSource, first: Uint8Array): ChunkSource {
  let early = first.length === 0 ? undefined : first;
  return {
    ...source,
    read() {
      if (early === undefined) return source.read();
      const bytes = Promise.resolve(early);
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
  const cut = through(source, (bytes) => {
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
  });
  return { ...cut, read: () => isOver ? Promise.resolve(undefined) : cut.read() };
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
    return through(source, (bytes) => bytes === undefined ? undefined : this.take(bytes));
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
