/** While more than this waits to be taken, nothing is added to it: a slow reader costs so much memory and no more. */
const MAX_BUFFERED_BYTES = 1_048_576;

/** How often it is looked whether the other end took something; the runtime does not tell. */
const LOOK_MS = 5;

/** What goes out on a socket, no faster than the other end takes it. */
export class SocketWriter {
  readonly #socket: WebSocket;
  readonly #signal: AbortSignal;
  readonly #maxStallMs: number;
  readonly #onStall: () => void;

  /**
   * @param options.signal aborted when nothing will be taken any more
   * @param options.onStall called when the other end has taken nothing for `maxStallMs` while something waited for it
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

  /** Whether the other end has let much wait. */
  get isFull(): boolean {
    return this.#isOpen && this.#socket.bufferedAmount > MAX_BUFFERED_BYTES;
  }

  /** Returns when there is room for more, or nothing will be taken any more. */
  async room(): Promise<void> {
    while (this.isFull && !this.#signal.aborted) await this.#drain();
  }

  /** Sends a message as soon as there is room for it, and writes it no earlier. One for nobody is dropped. */
  async send(write: () => string): Promise<void> {
    await this.room();
    if (this.#isOpen && !this.isFull) this.#socket.send(write());
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  async #drain(): Promise<void> {
    let least = this.#socket.bufferedAmount;
    let movedAt = performance.now();
    while (this.isFull && !this.#signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const { bufferedAmount } = this.#socket;
      if (bufferedAmount < least) [least, movedAt] = [bufferedAmount, performance.now()];
      if (performance.now() - movedAt > this.#maxStallMs) return this.#onStall();
    }
  }
}
