import type { Clock } from "../../src/concurrency/clock.ts";

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #elapsed = 0;
  readonly #calls = new Set<() => void>();

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  every(_intervalMs: number, call: () => void): Disposable {
    this.#calls.add(call);
    return { [Symbol.dispose]: () => this.#calls.delete(call) };
  }

  /** Moves the time on, and then calls whatever is called at intervals. */
  advance(ms: number): void {
    this.#now += ms;
    this.#elapsed += ms;
    for (const call of [...this.#calls]) call();
  }

  /** Somebody sets the time of day on, or back: no time passes. */
  set(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }
}
