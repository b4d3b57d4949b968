/**
 * The waiters of one execution. A waiter leaves when its signal aborts; one without a signal never leaves. Disposing
 * forgets all of them.
 */
export class WaiterSet implements Disposable {
  readonly #onEmpty: () => void;
  readonly #disposing = new AbortController();
  #count = 0;

  /** @param onEmpty called when the last waiter has left */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  /** Adds a waiter. */
  join(signal: AbortSignal | undefined): void {
    this.#count++;
    signal?.addEventListener("abort", () => this.#leave(), { signal: this.#disposing.signal });
    if (signal?.aborted) this.#leave();
  }

  [Symbol.dispose](): void {
    this.#disposing.abort();
  }

  #leave(): void {
    this.#count--;
    if (this.#count === 0) this.#onEmpty();
  }
}
