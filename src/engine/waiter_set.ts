/**
 * The waiters of one execution. A waiter leaves when its signal aborts; a waiter without a signal never leaves.
 * Disposing removes all of them.
 */
export class WaiterSet implements Disposable {
  readonly #onEmpty: () => void;
  readonly #leaving: (() => void)[] = [];
  #count = 0;

  /** @param onEmpty called when the last waiter has left */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  /** Adds a waiter. */
  join(signal: AbortSignal | undefined): void {
    this.#count++;
    if (signal === undefined) return;
    const leave = () => this.#leave();
    signal.addEventListener("abort", leave);
    this.#leaving.push(() => signal.removeEventListener("abort", leave));
    if (signal.aborted) this.#leave();
  }

  [Symbol.dispose](): void {
    for (const forget of this.#leaving.splice(0)) forget();
  }

  #leave(): void {
    this.#count--;
    if (this.#count === 0) this.#onEmpty();
  }
}
