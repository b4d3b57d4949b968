import { runtimeUnavailable } from "../../core/errors.ts";

/** Consecutive failures that open a circuit. */
const FAILURES_TO_OPEN = 3;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;
/** How long a trial may keep others out. A trial without a report by then counts as lost. */
const TRIAL_MS = 60_000;
/** How soon to ask again during a trial. The trial is over as soon as its program has started. */
const RETRY_BESIDE_TRIAL_MS = 1_000;

/** Why a circuit lets nothing through, and when to ask again. */
export interface OpenCircuit {
  readonly reason: string;
  readonly retryAfterMs: number;
}

/**
 * The right to try a runtime once. Its owner reports the result and disposes of it. The first of these counts; disposal
 * without a report says nothing about the runtime.
 */
export interface CircuitPermit extends Disposable {
  succeed(): void;
  fail(reason: string): void;
}

/**
 * Keeps requests from a runtime for a while after consecutive failures. A closed circuit lets everything through. Three
 * consecutive failures open it for 5 s. Then one trial at a time passes: its success closes the circuit, and its
 * failure opens it for twice as long, at most 60 s.
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
  /** Counts the openings and trials of the circuit. A try that began before the last one says nothing about now. */
  #epoch = 0;

  /** @param now a clock in ms that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Why the circuit is open; undefined while it is closed or due for a trial. It takes no trial. */
  whyOpen(): OpenCircuit | undefined {
    if (this.#pauseMs === 0) return undefined;
    const leftMs = Math.ceil(this.#dueAt - this.#now());
    if (leftMs <= 0) return undefined;
    return {
      reason: `circuit open for ${Math.ceil(leftMs / 1_000)} s: ${this.#history()}`,
      retryAfterMs: leftMs,
    };
  }

  /**
   * A permit for one try, which its owner disposes of.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` while the circuit is open, or while another execution has the trial
   */
  admit(): CircuitPermit {
    const open = this.whyOpen() ?? this.#whyBesideTrial();
    if (open !== undefined) throw runtimeUnavailable(open);
    if (this.#pauseMs > 0) {
      this.#epoch++;
      this.#trialUntil = this.#now() + TRIAL_MS;
    }
    return this.#permit();
  }

  #whyBesideTrial(): OpenCircuit | undefined {
    if (this.#now() >= this.#trialUntil) return undefined;
    return {
      reason: `circuit open while another execution tries it: ${this.#history()}`,
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
    return `${this.#failures} consecutive failures (${this.#lastFailure})`;
  }
}
