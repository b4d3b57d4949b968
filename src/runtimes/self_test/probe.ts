import { withDeadline } from "../../concurrency/deadline.ts";
import type { Availability } from "../../core/capabilities.ts";
import { messageOf } from "../../core/errors.ts";

/** How often something is asked. */
export interface ProbeOptions {
  /** How long a yes is remembered. */
  readonly ttlMs: number;
  /** How long a no is remembered. */
  readonly failureTtlMs: number;
  /** How long the question may take before it counts as a no. */
  readonly timeoutMs: number;
}

/** Whether something is there: asked by one caller for all, and remembered for a while. */
export class Probe {
  readonly #ask: (signal: AbortSignal) => Promise<void>;
  readonly #options: ProbeOptions;
  #answer: Promise<Availability> | undefined;
  #expiresAt = 0;

  /** @param ask returns when it is there, and throws why it is not; it ends when its signal is aborted */
  constructor(ask: (signal: AbortSignal) => Promise<void>, options: ProbeOptions) {
    this.#ask = ask;
    this.#options = options;
  }

  answer(): Promise<Availability> {
    if (this.#answer !== undefined && performance.now() < this.#expiresAt) return this.#answer;
    this.#expiresAt = Number.POSITIVE_INFINITY;
    this.#answer = this.#probe().then((answer) => {
      this.#expiresAt = performance.now() + (answer.available ? this.#options.ttlMs : this.#options.failureTtlMs);
      return answer;
    });
    return this.#answer;
  }

  async #probe(): Promise<Availability> {
    try {
      await withDeadline(this.#ask, this.#options);
      return { available: true };
    } catch (error) {
      return { available: false, reason: messageOf(error) };
    }
  }
}
