import { ReusedTimer } from "../concurrency/reused_timer.ts";
import { messageOf } from "../core/errors.ts";
import { log } from "../log.ts";

/** Most pieces of work that wait. Then all of it is done. */
const MAX_WAITING = 64;
/** How many times its delay work waits where the service is busy. */
const MAX_DELAYS = 4;

/** Options of work that waits. */
export interface WorkBehindOptions {
  /** Whether work should wait longer, at most four times its delay; absent, it does not. */
  readonly isBusy?: () => boolean;
  /** Called when work has been done. */
  readonly onDone?: () => void;
}

/** Collects work for which no answer waits. Disposing does the work that is left. */
export class WorkBehind implements Disposable {
  readonly #delayMs: number;
  readonly #isBusy: () => boolean;
  readonly #onDone: () => void;
  readonly #waiting: (() => void)[] = [];
  readonly #timer = new ReusedTimer(() => this.#finishUnlessBusy());
  /** How many delays the work waits, with the one that has begun last. */
  #delays = 0;

  /** @param delayMs how long work waits; 0 does it at once */
  constructor(delayMs: number, { isBusy = () => false, onDone = () => {} }: WorkBehindOptions = {}) {
    this.#delayMs = delayMs;
    this.#isBusy = isBusy;
    this.#onDone = onDone;
  }

  /** Does work a little later, in the order of the calls. An error is only logged. */
  add(work: () => void): void {
    this.#waiting.push(work);
    if (this.#delayMs === 0 || this.#waiting.length >= MAX_WAITING) this.finish();
    else if (this.#waiting.length === 1) this.#wait(1);
  }

  /** Makes the timer that {@link add} will need soon. So that call takes less time. */
  expect(): void {
    if (this.#delayMs > 0 && this.#waiting.length === 0) this.#timer.set(this.#delayMs);
  }

  /** Does all waiting work now. */
  finish(): void {
    if (this.#waiting.length === 0) return;
    this.#timer.clear();
    for (let work = this.#waiting.shift(); work !== undefined; work = this.#waiting.shift()) {
      try {
        work();
      } catch (error) {
        log.error("work_behind.failed", { error: messageOf(error) });
      }
    }
    this.#onDone();
  }

  [Symbol.dispose](): void {
    this.finish();
    this.#timer[Symbol.dispose]();
  }

  #wait(delays: number): void {
    this.#delays = delays;
    this.#timer.set(this.#delayMs);
  }

  #finishUnlessBusy(): void {
    if (this.#waiting.length > 0 && this.#delays < MAX_DELAYS && this.#isBusy()) this.#wait(this.#delays + 1);
    else this.finish();
  }
}
