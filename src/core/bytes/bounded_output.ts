import { concatBytes, growBuffer } from "./bytes.ts";

/**
 * Keeps the head and the tail of a stream of bytes, at most `maxBytes` together, and counts the bytes left out between
 * them. A character that the cut divides is left out whole.
 */
export class BoundedOutput {
  readonly #headBytes: number;
  readonly #tailBytes: number;
  #head = new Uint8Array();
  #headLength = 0;
  /** A ring buffer, which grows up to `#tailBytes`: byte `n` after the head lies at `n % #tailBytes`. */
  #tail = new Uint8Array();
  #tailSeen = 0;

  constructor(maxBytes: number) {
    this.#headBytes = Math.ceil(maxBytes / 2);
    this.#tailBytes = Math.floor(maxBytes / 2);
  }

  push(bytes: Uint8Array): void {
    const room = this.#headBytes - this.#headLength;
    if (room > 0) this.#keepHead(bytes.subarray(0, room));
    if (bytes.length > room) this.#keepTail(bytes.subarray(Math.max(room, 0)));
  }

  /** The kept text, and how many bytes are left out between its halves. */
  read(): { readonly text: string; readonly truncatedBytes: number } {
    const tail = this.#readTail();
    const dropped = this.#tailSeen - tail.length;
    const head = this.#head.subarray(0, this.#headLength);
    if (dropped === 0) return { text: decode(concatBytes([head, tail])), truncatedBytes: 0 };
    const whole = wholeEnd(head);
    const rest = wholeStart(tail);
    const cut = this.#headLength - whole.length + tail.length - rest.length;
    return { text: decode(whole) + decode(rest), truncatedBytes: dropped + cut };
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

  #readTail(): Uint8Array {
    if (this.#tailSeen <= this.#tailBytes) return this.#tail.subarray(0, this.#tailSeen);
    const start = this.#tailSeen % this.#tailBytes;
    return concatBytes([this.#tail.subarray(start), this.#tail.subarray(0, start)]);
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Removes an unfinished character at the end. */
function wholeEnd(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    return byte >= 0xc0 && back < sequenceLength(byte) ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** Removes the rest of a character at the start. */
function wholeStart(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < Math.min(3, bytes.length) && isContinuation(bytes[start] ?? 0)) start++;
  return bytes.subarray(start);
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}
