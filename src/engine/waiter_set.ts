/**
 * Those who wait for one execution. When the last of them is gone, nobody wants it any more; who brings no signal is
 * never gone. Disposing forgets them.
 */
export class WaiterSet implements Disposable {
  readonly #onEmpty: () => void;
  readonly #over = new AbortController();
  #waiting = 0;

  /** @param onEmpty told when the last has gone */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  /** One more waits, until his signal is aborted. */
  join(signal: AbortSignal | undefined): void {
    this.#waiting++;
    signal?.addEventListener("abort", () => this.#leave(), { signal: this.#over.signal });
    if (signal?.aborted) this.#leave();
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  #leave(): void {
    this.#waiting--;
    if (this.#waiting === 0) this.#onEmpty();
  }
}
