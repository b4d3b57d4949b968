import { growBuffer } from "./bytes.ts";

/**
 * Bytes that are collected in memory of their own: what is pushed may be a view on a buffer that is far longer, and is
 * not held.
 */
export class CollectedBytes {
  readonly #maxBytes: number;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How much memory it holds. */
  get heldBytes(): number {
    return this.#bytes.length;
  }

  /** Adds some; false when that is more than there may be, and nothing is added. */
  push(bytes: Uint8Array): boolean {
    const neededBytes = this.#length + bytes.length;
    if (neededBytes > this.#maxBytes) return false;
    this.#bytes = growBuffer(this.#bytes, { neededBytes, maxBytes: this.#maxBytes });
    this.#bytes.set(bytes, this.#length);
    this.#length = neededBytes;
    return true;
  }

  /** All that was collected, which is its caller's; the next is collected anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array();
    this.#length = 0;
    return taken;
  }
}
