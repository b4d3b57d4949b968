import { onAbort } from "./on_abort.ts";

/** Wakes all waiters at the next change. Changes are counted, so that none is missed. */
export class ChangeSignal {
  readonly #waiters = new Set<() => void>();
  #count = 0;

  /** The number of changes so far. */
  get count(): number {
    return this.#count;
  }

  /** The number of waiters. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Reports a change. */
  notify(): void {
    this.#count++;
    for (const wake of this.#waiters) wake();
  }

  /** Waits until there were more changes than `count`. Aborting ends the wait early. */
  async changedSince(count: number, signal: AbortSignal): Promise<void> {
    if (this.#count > count || signal.aborted) return;
    const changed = Promise.withResolvers<void>();
    const wake = () => changed.resolve();
    this.#waiters.add(wake);
    using _waking = onAbort(signal, wake);
    await changed.promise;
    this.#waiters.delete(wake);
  }
}
