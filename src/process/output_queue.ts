import type { OutputChunk, OutputReader, OutputSource } from "../core/execution.ts";

/** Options of a queue. */
export interface OutputQueueOptions {
  /** How many chunks may wait for the reader; 1 when absent. */
  readonly maxWaiting?: number;
  /** Called when the reader wants no more, unless the queue is closed. */
  onCancel?(): Promise<unknown> | void;
}

/**
 * Chunks of output on their way to one reader, in order. A stream of the platform does the same; to make and read one
 * takes a short program a twentieth of its time.
 */
export class OutputQueue implements OutputSource, OutputReader {
  readonly #onCancel: OutputQueueOptions["onCancel"];
  readonly #chunks: OutputChunk[] = [];
  /** How many of the chunks the reader has taken. Removing each at once would move all later ones. */
  #takenCount = 0;
  #maxWaiting: number;
  #isClosed = false;
  #arrived: PromiseWithResolvers<void> | undefined;
  #taken: PromiseWithResolvers<void> | undefined;

  constructor({ maxWaiting = 1, onCancel }: OutputQueueOptions = {}) {
    this.#maxWaiting = maxWaiting;
    this.#onCancel = onCancel;
  }

  /** Whether the reader has taken enough for the next chunk. */
  get hasRoom(): boolean {
    return this.#waiting < this.#maxWaiting;
  }

  async waitForRoom(): Promise<void> {
    while (!this.hasRoom) await (this.#taken ??= Promise.withResolvers()).promise;
  }

  /** Adds a chunk, whether or not there is room. A closed queue takes none. */
  push(chunk: OutputChunk): void {
    if (this.#isClosed) return;
    this.#chunks.push(chunk);
    this.#wakeReader();
  }

  /** Lets any number of chunks wait from now on. */
  removeBound(): void {
    this.#maxWaiting = Infinity;
    this.#wakeWriter();
  }

  /** Ends the output. The reader gets the chunks that still wait. */
  close(): void {
    this.#isClosed = true;
    this.#wakeReader();
  }

  getReader(): OutputReader {
    return this;
  }

  async read(): Promise<ReadableStreamReadResult<OutputChunk>> {
    while (this.#waiting === 0 && !this.#isClosed) await (this.#arrived ??= Promise.withResolvers()).promise;
    const value = this.#chunks[this.#takenCount];
    if (value === undefined) return { done: true };
    this.#takenCount++;
    if (this.#waiting <= this.#takenCount) this.#removeTaken();
    this.#wakeWriter();
    return { done: false, value };
  }

  async cancel(): Promise<void> {
    const wasClosed = this.#isClosed;
    this.#takenCount = this.#chunks.length;
    this.#removeTaken();
    this.close();
    this.removeBound();
    if (!wasClosed) await this.#onCancel?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OutputChunk, void> {
    try {
      for (let { value } = await this.read(); value !== undefined; { value } = await this.read()) yield value;
    } finally {
      await this.cancel();
    }
  }

  get #waiting(): number {
    return this.#chunks.length - this.#takenCount;
  }

  #removeTaken(): void {
    this.#chunks.splice(0, this.#takenCount);
    this.#takenCount = 0;
  }

  #wakeReader(): void {
    this.#arrived?.resolve();
    this.#arrived = undefined;
  }

  #wakeWriter(): void {
    this.#taken?.resolve();
    this.#taken = undefined;
  }
}
