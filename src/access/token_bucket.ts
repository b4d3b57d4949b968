import type { Clock } from "../concurrency/clock.ts";

const MINUTE_MS = 60_000;

/**
 * How often something may be done: so many times at once, and so many times a minute on average. It counts in parts of
 * which one time has {@link MINUTE_MS} and each ms brings `perMinute`, so that the numbers stay whole.
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

  /** Whether it is as if it had never been used. */
  get isFull(): boolean {
    this.#refill();
    return this.#parts === this.#capacity;
  }

  /** Takes one time, where there is one. Returns 0 then, and else how many ms it takes until there is one. */
  take(): number {
    this.#refill();
    if (this.#parts < MINUTE_MS) return Math.ceil((MINUTE_MS - this.#parts) / this.#perMinute);
    this.#parts -= MINUTE_MS;
    return 0;
  }

  get #capacity(): number {
    return this.#perMinute * MINUTE_MS;
  }

  /** By the time that passes: a clock that is set brings nothing, and takes nothing. */
  #refill(): void {
    const now = this.#clock.elapsed();
    this.#parts = Math.min(this.#capacity, this.#parts + (now - this.#countedAt) * this.#perMinute);
    this.#countedAt = now;
  }
}
