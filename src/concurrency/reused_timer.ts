/**
 * A timer that is set often and seldom fires. Clearing it, and setting it to a later time, leaves the system's timer as
 * it is, which then fires early and waits for the rest. Disposing stops it for good.
 */
export class ReusedTimer implements Disposable {
  readonly #act: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the system's timer fires, by `performance.now()`. */
  #firesAt = Infinity;
  /** When {@link #act} is due; Infinity while the timer is not set. */
  #dueAt = Infinity;

  constructor(act: () => void) {
    this.#act = act;
  }

  /** Sets the timer, in place of the time before. */
  set(delayMs: number): void {
    this.#dueAt = performance.now() + delayMs;
    if (this.#timer !== undefined && this.#firesAt <= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#start(delayMs);
  }

  clear(): void {
    this.#dueAt = Infinity;
  }

  [Symbol.dispose](): void {
    this.clear();
    clearTimeout(this.#timer);
  }

  #start(delayMs: number): void {
    this.#firesAt = performance.now() + delayMs;
    this.#timer = setTimeout(() => this.#fire(), delayMs);
  }

  #fire(): void {
    this.#timer = undefined;
    if (this.#dueAt === Infinity) return;
    const leftMs = Math.ceil(this.#dueAt - performance.now());
    if (leftMs > 0) return this.#start(leftMs);
    this.clear();
    this.#act();
  }
}
