/** Wakes those who wait for the next change of something. Changes are counted, so that none is missed. */
export class ChangeSignal {
  readonly #waiters = new Set<() => void>();
  #count = 0;

  /** How many changes there were. */
  get count(): number {
    return this.#count;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Reports a change. */
  notify(): void {
    this.#count++;
    for (const wake of this.#waiters) wake();
  }

  /** Waits until there were more changes than `count`; aborting ends the wait early. */
  async changedSince(count: number, signal: AbortSignal): Promise<void> {
    if (this.#count > count || signal.aborted) return;
    const changed = Promise.withResolvers<void>();
    const wake = () => changed.resolve();
    this.#waiters.add(wake);
    signal.addEventListener("abort", wake);
    await changed.promise;
    signal.removeEventListener("abort", wake);
    this.#waiters.delete(wake);
  }
}
