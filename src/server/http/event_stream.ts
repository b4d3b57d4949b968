import { PacedStream } from "./paced_stream.ts";

const PING = new TextEncoder().encode(": ping\n\n");

/** Server-sent events for one reader (the HTML standard's `text/event-stream`), on a {@link PacedStream}. */
export class EventStream {
  readonly #stream: PacedStream;
  readonly #opened = Promise.withResolvers<void>();
  #isOpen = false;

  /** @param signal aborted when the reader is known to be gone */
  constructor(signal: AbortSignal) {
    this.#stream = new PacedStream(signal);
  }

  /** The bytes for the reader. */
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#stream.body;
  }

  /** Aborted when the reader disconnects before the end. */
  get abandoned(): AbortSignal {
    return this.#stream.abandoned;
  }

  /** Whether anything has been sent. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Settles when something is first sent. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Sends an event; returns when the reader has read it, or is gone. */
  send(id: string, { event, data }: { readonly event: string; readonly data: unknown }): Promise<void> {
    return this.#write(new TextEncoder().encode(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  }

  /** Pings an idle reader, and abandons one that reads nothing, until disposed of. */
  pingEvery(intervalMs: number): Disposable {
    return this.#stream.pingEvery(intervalMs, () => void this.#write(PING));
  }

  /** Ends the stream; returns when the reader has read all of it, or is gone. */
  close(): Promise<void> {
    return this.#stream.close();
  }

  async #write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#isOpen = true;
    this.#opened.resolve();
    await this.#stream.write(bytes);
  }
}
