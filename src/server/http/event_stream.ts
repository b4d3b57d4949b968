/** How often a stream that is silent shows that it lives, so that nothing on the way to its reader takes it for dead. */
export const PING_MS = 15_000;

/** A reader that has taken nothing for so many pings counts as gone, whatever its connection says. */
const MAX_STALLED_PINGS = 4;

const PING = new TextEncoder().encode(": ping\n\n");

/**
 * Server-sent events for one reader (the HTML standard's `text/event-stream`), no faster than it takes them: what was not
 * taken yet is not there twice. Each event has an `id`, counted from 1. A stream that is given up just ends.
 */
export class EventStream {
  /** What the reader gets. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #abandoned = new AbortController();
  readonly #abandon: () => void;
  readonly #opened = Promise.withResolvers<void>();
  #isOpen = false;
  #lastId = 0;
  #stalledPings = 0;

  /** @param signal aborted when the reader is known to be gone */
  constructor(signal: AbortSignal) {
    const nothingAhead = new CountQueuingStrategy({ highWaterMark: 0 });
    let abandon = () => {};
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>(
      // Aborting the writer would wait for the very write that nobody takes, and Deno prints the error of a body that has one.
      { start: (controller) => abandon = () => controller.terminate() },
      undefined,
      nothingAhead,
    );
    this.#abandon = abandon;
    this.body = readable;
    this.#writer = writable.getWriter();
    this.#writer.closed.catch(() => this.#abandoned.abort());
    signal.addEventListener("abort", abandon);
    if (signal.aborted) abandon();
  }

  /** Aborted when the reader went away before the end. */
  get abandoned(): AbortSignal {
    return this.#abandoned.signal;
  }

  /** Whether anything was sent yet. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Settles when something is sent for the first time. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Sends an event; returns when the reader took it, or is gone. */
  send(event: string, data: unknown): Promise<void> {
    this.#lastId++;
    return this.#write(
      new TextEncoder().encode(`id: ${this.#lastId}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    );
  }

  /** Pings the reader while nothing else is under way, and gives up one that takes nothing, until it is disposed of. */
  pingEvery(intervalMs: number): Disposable {
    const timer = setInterval(() => this.#ping(), intervalMs);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  /** Ends the stream; returns when the reader has taken all of it, or is gone. */
  async close(): Promise<void> {
    await this.#writer.close().catch(() => {}); // Its reader is gone, as `abandoned` tells.
  }

  #ping(): void {
    const isIdle = (this.#writer.desiredSize ?? 0) > 0;
    if (isIdle) this.#write(PING);
    else if (++this.#stalledPings >= MAX_STALLED_PINGS) this.#abandon();
  }

  async #write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#isOpen = true;
    this.#opened.resolve();
    await this.#writer.write(bytes).catch(() => {}); // Its reader is gone, as `abandoned` tells.
    this.#stalledPings = 0;
  }
}
