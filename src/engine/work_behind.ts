import { messageOf } from "../core/errors.ts";
import { log } from "../log.ts";

/** Most pieces of work that wait. Then all of it is done. */
const MAX_WAITING = 64;

/** Collects work for which no answer waits. Disposing does the work that is left. */
export class WorkBehind implements Disposable {
  readonly #delayMs: number;
  readonly #waiting: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param delayMs how long work waits; 0 does it at once */
  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** Does work a little later, in the order of the calls. An error is only logged. */
  add(work: () => void): void {
    this.#waiting.push(work);
    if (this.#delayMs === 0 || this.#waiting.length >= MAX_WAITING) this.finish();
    else this.#timer ??= setTimeout(() => this.finish(), this.#delayMs);
  }

  /** Does all waiting work now. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let work = this.#waiting.shift(); work !== undefined; work = this.#waiting.shift()) {
      try {
        work();
      } catch (error) {
        log.error("work_behind.failed", { error: messageOf(error) });
      }
    }
  }

  [Symbol.dispose](): void {
    this.finish();
  }
}
