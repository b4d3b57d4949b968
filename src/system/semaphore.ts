import { CodeBeakerError } from "../core/errors.ts";

interface Waiter {
  admit(): void;
}

/** A bounded number of permits, handed out in the order in which they were asked for. */
export class Semaphore {
  #free: number;
  readonly #waiters = new Set<Waiter>();

  constructor(permits: number) {
    this.#free = permits;
  }

  /** How many wait for a permit. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * A permit, which its owner disposes of.
   *
   * @throws {CodeBeakerError} `busy` when none came free within `timeoutMs`, if that is given
   * @throws the signal's reason when it is aborted first
   */
  async acquire(
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Disposable> {
    options.signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(options.timeoutMs, options.signal);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#release();
        isHeld = false;
      },
    };
  }

  #wait(timeoutMs: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#waiters.delete(waiter);
      };
      const waiter = {
        admit: () => {
          leave();
          resolve();
        },
      };
      const onAbort = () => {
        leave();
        reject(signal?.reason);
      };
      const giveUp = () => {
        leave();
        const message = `Cannot run now as every place is taken: waited ${timeoutMs} ms`;
        reject(new CodeBeakerError("busy", message, { details: { retryAfterMs: 1_000 } }));
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs);
      signal?.addEventListener("abort", onAbort);
      this.#waiters.add(waiter);
    });
  }

  #release(): void {
    const [next] = this.#waiters;
    if (next === undefined) this.#free++;
    else next.admit();
  }
}
