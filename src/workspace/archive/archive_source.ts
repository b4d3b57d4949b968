import { MAX_OVERHEAD_BYTES, unpackedTooLarge } from "./tar_gate.ts";

/** The first bytes of a gzip file: RFC 1952. */
const GZIP_MAGIC = [0x1f, 0x8b];
/** Compressed bytes that are decompressed at once. They become at most a thousand times as many, all in memory. */
const COMPRESSED_SLICE_BYTES = 4_096;

/** Reads a client's archive, with gzip or without, up to a bound. */
export class ArchiveSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #maxBytes: number;
  #held: Uint8Array[] = [];
  #bytes = 0;
  /** The error of the client's stream. The archive's reader may report it as its own. */
  failure: { readonly error: unknown } | undefined;

  constructor(archive: ReadableStream<Uint8Array>, maxBytes: number) {
    this.#reader = archive.getReader();
    this.#maxBytes = maxBytes;
  }

  /** Opens the decompressed bytes. */
  async open(): Promise<ReadableStream<Uint8Array>> {
    const isCompressed = await this.#beginsWith(GZIP_MAGIC);
    const plain = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const bytes = this.#held.shift() ?? await this.#next();
        if (bytes === undefined) return controller.close();
        controller.enqueue(bytes);
      },
      cancel: (reason) => this.#reader.cancel(reason),
    }, { highWaterMark: 0 });
    if (!isCompressed) return plain;
    return plain.pipeThrough(sliceBytes()).pipeThrough(new DecompressionStream("gzip"));
  }

  async #beginsWith(magic: readonly number[]): Promise<boolean> {
    const first: number[] = [];
    while (first.length < magic.length) {
      const bytes = await this.#next();
      if (bytes === undefined) return false;
      this.#held.push(bytes);
      first.push(...bytes.subarray(0, magic.length));
    }
    return magic.every((byte, index) => first[index] === byte);
  }

  async #next(): Promise<Uint8Array | undefined> {
    const { value } = await this.#reader.read().catch((error: unknown) => {
      this.failure = { error };
      throw error;
    });
    this.#bytes += value?.length ?? 0;
    if (this.#bytes > this.#maxBytes + MAX_OVERHEAD_BYTES) throw unpackedTooLarge(this.#maxBytes);
    return value;
  }
}

function sliceBytes(): TransformStream<Uint8Array, BufferSource> {
  return new TransformStream({
    transform(bytes, controller) {
      for (let at = 0; at < bytes.length; at += COMPRESSED_SLICE_BYTES) {
        controller.enqueue(bytes.slice(at, at + COMPRESSED_SLICE_BYTES));
      }
    },
  });
}
