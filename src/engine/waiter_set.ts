import { onAbort } from "../concurrency/on_abort.ts";

/**
 * The waiters of one execution. A waiter leaves when its signal aborts; a waiter without a signal never leaves.
 * Disposing removes all of them.
 */
export class WaiterSet implements Disposable {
  readonly #onEmpty: () => void;
  readonly #leaving: Disposable[] = [];
  #count = 0;

  /** @param onEmpty called when the last waiter has left */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  /** Adds a waiter. */
  join(signal: AbortSignal | undefined): void {
    this.#count++;
    if (signal === undefined) return;
    this.#leaving.push(onAbort(signal, () => this.#leave()));
  }

  [Symbol.dispose](): void {
    for (const leaving of this.#leaving.splice(0)) leaving[Symbol.dispose]();
  }

  #leave(): void {
    this.#count--;
    if (this.#count === 0) this.#onEmpty();
  }
}
