/** Interval of pings on a silent stream, so that no proxy closes it as idle. */
export const PING_MS = 15_000;

/** Pings after which a reader that has read nothing counts as gone. */
const MAX_STALLED_PINGS = 4;

/**
 * A body of an answer that is no faster than its reader. At most one piece waits. A stream that is abandoned ends
 * without an error.
 */
export class PacedStream {
  /** The bytes for the reader. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #abandoned = new AbortController();
  readonly #opened = Promise.withResolvers<void>();
  readonly #abandon: () => void;
  #isOpen = false;
  #stalledPings = 0;

  /** @param signal aborted when the reader is known to be gone */
  constructor(signal: AbortSignal) {
    const unbuffered = new CountQueuingStrategy({ highWaterMark: 0 });
    let abandon = () => {};
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>(
      // Aborting the writer would wait for a write that is never read, and Deno would print the error of such a body.
      { start: (controller) => abandon = () => controller.terminate() },
      undefined,
      unbuffered,
    );
    this.#abandon = abandon;
    this.body = readable;
    this.#writer = writable.getWriter();
    const forget = () => signal.removeEventListener("abort", abandon);
    this.#writer.closed.then(forget, () => {
      forget();
      this.#abandoned.abort();
    });
    signal.addEventListener("abort", abandon);
    if (signal.aborted) abandon();
  }

  /** Aborted when the reader disconnects before the end. */
  get abandoned(): AbortSignal {
    return this.#abandoned.signal;
  }

  /** Whether {@link write} has been called. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Settles at the first {@link write}. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Opens the stream and writes a piece, if any. Returns when the reader has read it, or is gone. */
  async write(bytes: Uint8Array<ArrayBuffer> | undefined): Promise<void> {
    this.#isOpen = true;
    this.#opened.resolve();
    if (bytes === undefined) return;
    await this.#writer.write(bytes).catch(() => {}); // The reader is gone: `abandoned` is aborted.
    this.#stalledPings = 0;
  }

  /** Pings an idle reader, and abandons one that reads nothing, until disposed of. */
  pingEvery(intervalMs: number, ping: () => Uint8Array<ArrayBuffer> | undefined): Disposable {
    const timer = setInterval(() => {
      if ((this.#writer.desiredSize ?? 0) <= 0) {
        if (++this.#stalledPings >= MAX_STALLED_PINGS) this.#abandon();
        return;
      }
      const bytes = ping();
      if (bytes !== undefined) this.write(bytes);
    }, intervalMs);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  /** Ends the stream; returns when the reader has read all of it, or is gone. */
  async close(): Promise<void> {
    await this.#writer.close().catch(() => {}); // The reader is gone: `abandoned` is aborted.
  }
}
