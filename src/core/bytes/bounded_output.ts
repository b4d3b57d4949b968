import { concatBytes, growBuffer } from "./bytes.ts";
import type { KeptBytes } from "./kept_bytes.ts";
import { continuationLength, decodeUtf8, unfinishedLength } from "./utf8.ts";

/** The kept text of a stream. */
export interface KeptText {
  readonly text: string;
  /** Bytes left out between head and tail. */
  readonly truncatedBytes: number;
  /** Index in the text of the gap; absent without one. */
  readonly truncatedAt?: number;
}

/** The bytes of a stream that has printed nothing. */
const NOTHING = new Uint8Array();

/**
 * Keeps the head and the tail of a stream, at most `maxBytes` together. It counts the bytes left out between them. A
 * character that the cut divides is left out whole.
 */
export class BoundedOutput {
  readonly #headBytes: number;
  readonly #tailBytes: number;
  readonly #onPush: () => void;
  #head = NOTHING;
  #headLength = 0;
  /** A ring buffer, which grows up to `#tailBytes`. Byte `n` after the head lies at `n % #tailBytes`. */
  #tail = NOTHING;
  #tailSeen = 0;

  constructor(maxBytes: number, { onPush = () => {} }: { onPush?(): void } = {}) {
    this.#onPush = onPush;
    this.#headBytes = Math.ceil(maxBytes / 2);
    this.#tailBytes = Math.floor(maxBytes / 2);
  }

  push(bytes: Uint8Array): void {
    const room = this.#headBytes - this.#headLength;
    if (room > 0) this.#keepHead(bytes.subarray(0, room));
    if (bytes.length > room) this.#keepTail(bytes.subarray(Math.max(room, 0)));
    this.#onPush();
  }

  /** The kept bytes, as views that are valid until the next push. */
  get kept(): KeptBytes {
    const head = this.#head.subarray(0, this.#headLength);
    if (this.#tailSeen <= this.#tailBytes) {
      return { head, gapBytes: 0, tail: [this.#tail.subarray(0, this.#tailSeen)] };
    }
    const start = this.#tailBytes === 0 ? 0 : this.#tailSeen % this.#tailBytes;
    const tail = [this.#tail.subarray(start), this.#tail.subarray(0, start)];
    return { head, gapBytes: this.#tailSeen - this.#tailBytes, tail };
  }

  /** The kept text. */
  read(): KeptText {
    if (this.#tailSeen === 0) return { text: decodeUtf8(this.#head.subarray(0, this.#headLength)), truncatedBytes: 0 };
    const { head, gapBytes, tail: parts } = this.kept;
    const tail = concatBytes(parts);
    if (gapBytes === 0) return { text: decodeUtf8(concatBytes([head, tail])), truncatedBytes: 0 };
    const unfinished = unfinishedLength(head);
    const continued = continuationLength(tail);
    const begin = decodeUtf8(head.subarray(0, head.length - unfinished));
    const text = begin + decodeUtf8(tail.subarray(continued));
    return { text, truncatedBytes: gapBytes + unfinished + continued, truncatedAt: begin.length };
  }

  #keepHead(bytes: Uint8Array): void {
    this.#head = growBuffer(this.#head, { neededBytes: this.#headLength + bytes.length, maxBytes: this.#headBytes });
    this.#head.set(bytes, this.#headLength);
    this.#headLength += bytes.length;
  }

  /** Overwrites the oldest bytes in place, so that a long stream makes no garbage. */
  #keepTail(bytes: Uint8Array): void {
    const kept = bytes.subarray(Math.max(bytes.length - this.#tailBytes, 0));
    this.#tail = growBuffer(this.#tail, { neededBytes: this.#tailSeen + kept.length, maxBytes: this.#tailBytes });
    this.#tailSeen += bytes.length;
    if (kept.length === 0) return;
    const start = (this.#tailSeen - kept.length) % this.#tailBytes;
    const untilEnd = kept.subarray(0, this.#tailBytes - start);
    this.#tail.set(untilEnd, start);
    this.#tail.set(kept.subarray(untilEnd.length), 0);
  }
}
