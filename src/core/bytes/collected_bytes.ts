import { growBuffer } from "./bytes.ts";

/** Collects copies of bytes in one buffer. So a pushed view does not keep its longer buffer alive. */
export class CollectedBytes {
  readonly #maxBytes: number;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of memory that the buffer holds. */
  get heldBytes(): number {
    return this.#bytes.length;
  }

  /** Adds bytes; false, without any effect, when they exceed the bound. */
  push(bytes: Uint8Array): boolean {
    const neededBytes = this.#length + bytes.length;
    if (neededBytes > this.#maxBytes) return false;
    this.#bytes = growBuffer(this.#bytes, { neededBytes, maxBytes: this.#maxBytes });
    this.#bytes.set(bytes, this.#length);
    this.#length = neededBytes;
    return true;
  }

  /** Returns everything collected, and begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array();
    this.#length = 0;
    return taken;
  }
}
