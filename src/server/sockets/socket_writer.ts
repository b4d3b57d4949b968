/** Most bytes in a socket's buffer before senders wait. This is the memory that a slow reader costs. */
const MAX_BUFFERED_BYTES = 1_048_576;

/** Interval at which the buffer is polled, since no event reports that it drains. */
const POLL_MS = 5;

/** A message for a client. Bytes make a binary one. */
export type SocketMessage = string | Uint8Array<ArrayBuffer>;

/** Sends messages on a socket in order, no faster than the client reads. */
export class SocketWriter {
  readonly #socket: WebSocket;
  readonly #signal: AbortSignal;
  readonly #maxStallMs: number;
  readonly #onStall: () => void;
  #last = Promise.resolve();
  #isStopped = false;

  /**
   * @param options.signal aborted when nothing more will be read
   * @param options.onStall called when the client has read nothing for `maxStallMs` while messages waited
   */
  constructor(
    socket: WebSocket,
    options: { readonly signal: AbortSignal; readonly maxStallMs: number; readonly onStall: () => void },
  ) {
    this.#socket = socket;
    this.#signal = options.signal;
    this.#maxStallMs = options.maxStallMs;
    this.#onStall = options.onStall;
  }

  /** Whether senders have to wait. */
  get isFull(): boolean {
    return this.#isOpen && this.#socket.bufferedAmount > MAX_BUFFERED_BYTES;
  }

  /** Returns when there is room for more, or the client reads no more. */
  async waitForRoom(): Promise<void> {
    while (this.isFull && !this.#signal.aborted) await this.#drain();
  }

  /**
   * Encodes and sends a message after the earlier ones, once there is room. On a closed socket the message is dropped.
   *
   * @throws the error of `encode`, which later messages do not have
   */
  send(encode: () => SocketMessage): Promise<void> {
    const sent = this.#last.then(() => this.#sendNow(encode));
    this.#last = sent.catch(() => {}); // Its own sender has the error.
    return sent;
  }

  /** Returns when the messages so far are sent or dropped. */
  flush(): Promise<void> {
    return this.#last;
  }

  /** Drops the messages that wait, and later ones. */
  stop(): void {
    this.#isStopped = true;
  }

  async #sendNow(encode: () => SocketMessage): Promise<void> {
    await this.waitForRoom();
    if (this.#isOpen && !this.isFull && !this.#isStopped) this.#socket.send(encode());
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  async #drain(): Promise<void> {
    let least = this.#socket.bufferedAmount;
    let progressAt = performance.now();
    while (this.isFull && !this.#signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const { bufferedAmount } = this.#socket;
      if (bufferedAmount < least) [least, progressAt] = [bufferedAmount, performance.now()];
      if (performance.now() - progressAt > this.#maxStallMs) return this.#onStall();
    }
  }
}
