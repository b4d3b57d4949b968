import { CodeBeakerError } from "../../core/errors.ts";

/** Failures in a row that open a circuit. */
const FAILURES_TO_OPEN = 3;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;
/** How long a trial may keep the others out; one that has not told how it went by then is taken for lost. */
const TRIAL_MS = 60_000;
/** When to ask again while a trial is on: it is over as soon as its program has started. */
const RETRY_BESIDE_TRIAL_MS = 1_000;

/** Why a circuit lets nothing through, and when to ask again. */
export interface LeftOut {
  readonly reason: string;
  readonly retryAfterMs: number;
}

/**
 * The right to try a runtime once. Its owner tells how that went and disposes of it; the first of these counts, and to
 * dispose of it untold says nothing about the runtime.
 */
export interface CircuitPermit extends Disposable {
  succeed(): void;
  fail(reason: string): void;
}

/**
 * Leaves a runtime out for a while after failures in a row. Closed, it lets everything through; three failures in a row open
 * it for 5 s; then one trial at a time passes, whose success closes it and whose failure opens it for twice as long, at most
 * 60 s.
 */
export class CircuitBreaker {
  readonly #now: () => number;
  #failures = 0;
  #lastFailure = "";
  /** How long the circuit was opened for; 0 while it is closed. */
  #pauseMs = 0;
  /** When the pause is over. */
  #dueAt = 0;
  /** Until when a trial keeps the others out. */
  #trialUntil = 0;
  /** Goes up whenever the circuit opens or starts a trial: what began before that says nothing about now. */
  #epoch = 0;

  /** @param now a clock in ms that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Why everything is left out now; undefined while the circuit is closed, or due for a trial, which looking does not take. */
  whyOpen(): LeftOut | undefined {
    const leftMs = Math.ceil(this.#dueAt - this.#now());
    if (this.#pauseMs === 0 || leftMs <= 0) return undefined;
    return {
      reason: `left out for ${Math.ceil(leftMs / 1_000)} s more after ${this.#history()}`,
      retryAfterMs: leftMs,
    };
  }

  /**
   * A permit for one try, which its owner disposes of.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` while the circuit is open, or due and another one has the trial
   */
  admit(): CircuitPermit {
    const leftOut = this.whyOpen() ?? this.#whyBesideTrial();
    if (leftOut !== undefined) {
      const { reason, retryAfterMs } = leftOut;
      throw new CodeBeakerError("runtime_unavailable", reason, { details: { retryAfterMs } });
    }
    if (this.#pauseMs > 0) {
      this.#epoch++;
      this.#trialUntil = this.#now() + TRIAL_MS;
    }
    return this.#permit();
  }

  #whyBesideTrial(): LeftOut | undefined {
    if (this.#now() >= this.#trialUntil) return undefined;
    return {
      reason: `left out while another execution tries it again after ${this.#history()}`,
      retryAfterMs: RETRY_BESIDE_TRIAL_MS,
    };
  }

  #permit(): CircuitPermit {
    const epoch = this.#epoch;
    let isHeld = true;
    const settle = (change: () => void) => {
      if (!isHeld) return;
      isHeld = false;
      if (epoch !== this.#epoch) return;
      this.#trialUntil = 0;
      change();
    };
    return {
      succeed: () => settle(() => this.#recordSuccess()),
      fail: (reason) => settle(() => this.#recordFailure(reason)),
      [Symbol.dispose]: () => settle(() => {}),
    };
  }

  #recordSuccess(): void {
    this.#failures = 0;
    this.#pauseMs = 0;
  }

  #recordFailure(reason: string): void {
    this.#failures++;
    this.#lastFailure = reason;
    if (this.#failures < FAILURES_TO_OPEN) return;
    this.#pauseMs = this.#pauseMs === 0 ? FIRST_PAUSE_MS : Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    this.#dueAt = this.#now() + this.#pauseMs;
    this.#epoch++;
  }

  #history(): string {
    return `${this.#failures} failures in a row: ${this.#lastFailure}`;
  }
}
