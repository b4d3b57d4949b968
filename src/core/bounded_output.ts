/**
 * The head and the tail of a stream of bytes, at most `maxBytes` together; what is left out of the middle is counted.
 *
 * The text never shows half a character at the cut: the bytes of a character that the cut divides count as left out.
 */
export class BoundedOutput {
  readonly #headBytes: number;
  readonly #tailBytes: number;
  readonly #head: Uint8Array[] = [];
  #headLength = 0;
  #tail: Uint8Array[] = [];
  #tailLength = 0;
  #dropped = 0;

  constructor(maxBytes: number) {
    this.#headBytes = Math.ceil(maxBytes / 2);
    this.#tailBytes = Math.floor(maxBytes / 2);
  }

  push(bytes: Uint8Array): void {
    const room = this.#headBytes - this.#headLength;
    if (room > 0) this.#keepHead(bytes.subarray(0, room));
    if (bytes.length > room) this.#keepTail(bytes.subarray(Math.max(room, 0)));
  }

  /** The kept text, and how many bytes are missing between its halves. */
  read(): { readonly text: string; readonly truncatedBytes: number } {
    const tail = lastBytes(concat(this.#tail), this.#tailBytes);
    const dropped = this.#dropped + this.#tailLength - tail.length;
    if (dropped === 0) return { text: decode(concat([...this.#head, tail])), truncatedBytes: 0 };
    const whole = wholeEnd(concat(this.#head));
    const rest = wholeStart(tail);
    const cut = this.#headLength - whole.length + tail.length - rest.length;
    return { text: decode(whole) + decode(rest), truncatedBytes: dropped + cut };
  }

  #keepHead(bytes: Uint8Array): void {
    this.#head.push(bytes.slice());
    this.#headLength += bytes.length;
  }

  #keepTail(bytes: Uint8Array): void {
    this.#tail.push(bytes.slice());
    this.#tailLength += bytes.length;
    if (this.#tailLength <= 2 * this.#tailBytes + 65_536) return;
    const kept = lastBytes(concat(this.#tail), this.#tailBytes);
    this.#dropped += this.#tailLength - kept.length;
    this.#tail = [kept];
    this.#tailLength = kept.length;
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function lastBytes(bytes: Uint8Array, count: number): Uint8Array {
  return bytes.length <= count ? bytes : bytes.slice(bytes.length - count);
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}

/** Without the bytes at the end that begin a character and do not finish it. */
function wholeEnd(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    return byte >= 0xc0 && back < sequenceLength(byte) ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** Without the bytes at the start that continue a character begun before. */
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
