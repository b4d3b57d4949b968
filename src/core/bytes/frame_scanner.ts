import { Buffer } from "node:buffer";
import { concatBytes } from "./bytes.ts";

/**
 * The index at which a marker begins in bytes. The marker may be whole or cut off by their end; without a marker, the
 * index is the length of the bytes.
 */
export function findMarker(bytes: Uint8Array, marker: Uint8Array, from = 0): number {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(marker, from);
  if (whole >= 0) return whole;
  for (let at = Math.max(from, bytes.length - marker.length + 1); at < bytes.length; at++) {
    if (bytes.subarray(at).every((byte, index) => byte === marker[index])) return at;
  }
  return bytes.length;
}

/**
 * The result of reading behind a marker. It is a frame and its length in bytes, no frame of ours, or too little to
 * decide.
 */
export type Reading<Frame> = { readonly frame: Frame; readonly length: number } | "no_frame" | "incomplete";

/** A piece of a stream: bytes outside any frame, or a frame. */
export type Piece<Frame> = { readonly bytes: Uint8Array } | { readonly frame: Frame };

/**
 * Separates marked frames from all other bytes of a stream, wherever its chunks divide them. Bytes that may become a
 * frame are held back until that is known; `read` bounds their number.
 */
export class FrameScanner<Frame> {
  readonly #marker: Uint8Array;
  readonly #read: (behind: Uint8Array) => Reading<Frame>;
  #held: Uint8Array = new Uint8Array();

  /** @param read receives everything that has arrived behind a marker */
  constructor(marker: string, read: (behind: Uint8Array) => Reading<Frame>) {
    this.#marker = new TextEncoder().encode(marker);
    this.#read = read;
  }

  /** Whether bytes are held back. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  *push(bytes: Uint8Array): Generator<Piece<Frame>> {
    const all = concatBytes([this.#held, bytes]);
    this.#held = new Uint8Array();
    let from = 0;
    let at = findMarker(all, this.#marker);
    while (at < all.length) {
      const begin = at + this.#marker.length;
      const reading = begin > all.length ? "incomplete" : this.#read(all.subarray(begin));
      if (reading === "incomplete") break;
      if (reading !== "no_frame") {
        if (at > from) yield { bytes: all.subarray(from, at) };
        yield { frame: reading.frame };
        from = begin + reading.length;
      }
      at = findMarker(all, this.#marker, reading === "no_frame" ? at + 1 : from);
    }
    this.#held = all.slice(at);
    if (at > from) yield { bytes: all.subarray(from, at) };
  }

  /** Returns the bytes held back, when nothing follows. */
  flush(): Uint8Array {
    const held = this.#held;
    this.#held = new Uint8Array();
    return held;
  }
}
