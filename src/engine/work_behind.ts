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
  #timer: ReturnType<typeof setTimeout> | undefined;

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
    else this.#timer ??= this.#wait(MAX_DELAYS);
  }

  /** Does all waiting work now. */
  finish(): void {
    if (this.#waiting.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
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
  }

  #wait(delays: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      if (delays > 1 && this.#isBusy()) {
        this.#timer = this.#wait(delays - 1);
        return;
      }
      this.finish();
    }, this.#delayMs);
  }
}
