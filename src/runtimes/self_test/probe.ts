import { type Clock, SYSTEM_CLOCK } from "../../concurrency/clock.ts";
import { withDeadline } from "../../concurrency/deadline.ts";
import { delay } from "../../concurrency/delay.ts";
import type { Availability } from "../../core/capabilities.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";

/** Factor on the time of a failed check, for which its answer is cached. */
const REST_FACTOR = 10;
/** The longest time for which a failed check's answer is cached. The next may succeed, as the machine may be busy. */
const MAX_REST_MS = 5_000;

/** Times of a probe. */
export interface ProbeOptions {
  /** How long the answer "available" is cached. */
  readonly ttlMs: number;
  /** How long the answer "unavailable" is cached at least. One that took long to find is cached longer, 5 s at most. */
  readonly failureTtlMs: number;
  /** How long a check may take before it counts as failed. */
  readonly timeoutMs: number;
  /** The error of a check that takes longer; absent, the deadline's own. */
  readonly toError?: () => Error;
  /** Whether "available" holds while it is checked again; absent, it does not. No caller waits then. */
  readonly holdsMeanwhile?: () => boolean;
  /** How long such a check waits, in ms; 0 when absent. So the program whose request caused it runs first. */
  readonly waitsMs?: number;
  /** Default: the machine's clock. */
  readonly clock?: Pick<Clock, "elapsed">;
}

/** Checks whether something is available, once for all callers, and caches the answer. */
export class Probe implements AsyncDisposable {
  readonly #check: (signal: AbortSignal) => Promise<void>;
  readonly #options: ProbeOptions;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #ending = new AbortController();
  /** Settles with the check that was begun last. */
  #checking: Promise<void> = Promise.resolve();
  #answer: Promise<Availability> | undefined;
  #expiresAt = 0;
  #isChecking = false;
  #revision = 0;
  #last: Availability | undefined;

  /**
   * @param check throws the reason why it is unavailable, with a remedy in its details where it needs one; ends when its
   *   signal is aborted
   */
  constructor(check: (signal: AbortSignal) => Promise<void>, options: ProbeOptions) {
    this.#check = check;
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** The last answer, however old; undefined before the first. */
  get last(): Availability | undefined {
    return this.#last;
  }

  /** Counts the answers: 0 before the first question. Undefined while a check runs, or has to be repeated. */
  get revision(): number | undefined {
    if (this.#answer === undefined) return this.#revision;
    return this.#isChecking || this.#clock.elapsed() >= this.#expiresAt ? undefined : this.#revision;
  }

  answer(): Promise<Availability> {
    const answer = this.#clock.elapsed() >= this.#expiresAt ? undefined : this.#answer;
    if (answer !== undefined && !this.#isChecking) return answer;
    const last = this.#last;
    if (last?.available !== true || this.#options.holdsMeanwhile?.() !== true) return answer ?? this.#ask();
    if (answer === undefined) this.#askLater();
    return Promise.resolve(last);
  }

  /** Aborts the check that runs, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#checking;
  }

  /** Begins a check after a wait, for which the last answer holds. */
  #askLater(): void {
    const { waitsMs = 0 } = this.#options;
    if (waitsMs === 0) return void this.#ask();
    this.#expiresAt = Number.POSITIVE_INFINITY;
    const { signal } = this.#ending;
    this.#checking = delay(waitsMs, { signal }).then(() => {
      if (!signal.aborted) this.#ask();
    });
  }

  /** Begins a check, whose answer is cached. */
  #ask(): Promise<Availability> {
    this.#expiresAt = Number.POSITIVE_INFINITY;
    this.#isChecking = true;
    const askedAt = this.#clock.elapsed();
    this.#answer = this.#run().then((answer) => {
      this.#isChecking = false;
      this.#revision++;
      this.#expiresAt = this.#clock.elapsed() + this.#ttlOf(answer, this.#clock.elapsed() - askedAt);
      return this.#last = answer;
    });
    return this.#answer;
  }

  /** Callers wait for a check. One that hangs is not repeated for each of them. */
  #ttlOf({ available }: Availability, tookMs: number): number {
    const { failureTtlMs, ttlMs } = this.#options;
    const restMs = Math.min(MAX_REST_MS, REST_FACTOR * tookMs);
    return available ? ttlMs : Math.min(ttlMs, Math.max(failureTtlMs, restMs));
  }

  async #run(): Promise<Availability> {
    const begin = (signal: AbortSignal) => {
      const check = this.#check(signal);
      this.#checking = check.catch(() => {}); // The answer has the error.
      return check;
    };
    try {
      await withDeadline(begin, { ...this.#options, signal: this.#ending.signal });
      return { available: true };
    } catch (error) {
      return toUnavailable(error);
    }
  }
}

/** An error as the reason why something is unavailable, with the remedy that it carries. */
export function toUnavailable(error: unknown): Availability {
  const { remedy, retryAfterMs } = error instanceof CodeBeakerError ? error.details : {};
  return {
    available: false,
    reason: messageOf(error),
    ...(remedy === undefined ? {} : { remedy }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
