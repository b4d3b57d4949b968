import { CodeBeakerError } from "../core/errors.ts";

interface Waiter {
  readonly permits: number;
  admit(): void;
}

/** A request for permits. */
export interface AcquireOptions {
  /** Number of permits. Default: 1. More than the semaphore has never come free. */
  readonly permits?: number;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A bounded number of permits, granted in the order of the requests. */
export class Semaphore {
  #free: number;
  readonly #waiters = new Set<Waiter>();

  constructor(permits: number) {
    this.#free = permits;
  }

  /** The number of waiting requests. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Waits for permits. The caller disposes of them together.
   *
   * @throws {CodeBeakerError} `busy` when the permits do not come free within `timeoutMs`
   * @throws the signal's reason when it aborts first
   */
  async acquire(options: AcquireOptions = {}): Promise<Disposable> {
    options.signal?.throwIfAborted();
    const { permits = 1 } = options;
    const held = this.tryAcquire(permits);
    if (held !== undefined) return held;
    await this.#wait(permits, options);
    return this.#hold(permits);
  }

  /** Takes permits at once; undefined when they are not free, or other requests wait. */
  tryAcquire(permits = 1): Disposable | undefined {
    if (this.waiting > 0 || this.#free < permits) return undefined;
    this.#free -= permits;
    return this.#hold(permits);
  }

  #hold(permits: number): Disposable {
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#release(permits);
        isHeld = false;
      },
    };
  }

  #wait(permits: number, { timeoutMs, signal }: AcquireOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#waiters.delete(waiter);
      };
      const waiter = {
        permits,
        admit: () => {
          leave();
          resolve();
        },
      };
      const onAbort = () => {
        leave();
        this.#admitNext();
        reject(signal?.reason);
      };
      const giveUp = () => {
        leave();
        this.#admitNext();
        const message = `Cannot run now as every slot is taken: waited ${timeoutMs} ms`;
        reject(new CodeBeakerError("busy", message, { details: { retryAfterMs: 1_000 } }));
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs);
      signal?.addEventListener("abort", onAbort);
      this.#waiters.add(waiter);
    });
  }

  #release(permits: number): void {
    this.#free += permits;
    this.#admitNext();
  }

  /** Admits requests in order: small requests do not overtake a large one. */
  #admitNext(): void {
    for (const next of this.#waiters) {
      if (this.#free < next.permits) return;
      this.#free -= next.permits;
      next.admit();
    }
  }
}
