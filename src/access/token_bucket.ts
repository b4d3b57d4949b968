import type { Clock } from "../concurrency/clock.ts";

const MINUTE_MS = 60_000;

/**
 * Allows `perMinute` uses at once, and as many a minute on average. It counts in parts: one use is {@link MINUTE_MS}
 * parts, and each ms adds `perMinute`, so that the numbers stay whole.
 */
export class TokenBucket {
  readonly #perMinute: number;
  readonly #clock: Pick<Clock, "elapsed">;
  #parts: number;
  #countedAt: number;

  constructor({ perMinute, clock }: { readonly perMinute: number; readonly clock: Pick<Clock, "elapsed"> }) {
    this.#perMinute = perMinute;
    this.#clock = clock;
    this.#parts = this.#capacity;
    this.#countedAt = clock.elapsed();
  }

  /** Whether all uses are available. */
  get isFull(): boolean {
    this.#refill();
    return this.#parts === this.#capacity;
  }

  /** Takes one use and returns 0, or returns the ms until a use is available. */
  take(): number {
    this.#refill();
    if (this.#parts < MINUTE_MS) return Math.ceil((MINUTE_MS - this.#parts) / this.#perMinute);
    this.#parts -= MINUTE_MS;
    return 0;
  }

  get #capacity(): number {
    return this.#perMinute * MINUTE_MS;
  }

  /** Refills by elapsed time, which setting the machine's clock does not change. */
  #refill(): void {
    const now = this.#clock.elapsed();
    this.#parts = Math.min(this.#capacity, this.#parts + (now - this.#countedAt) * this.#perMinute);
    this.#countedAt = now;
  }
}
