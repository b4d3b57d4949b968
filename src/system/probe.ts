import type { Availability } from "../core/capabilities.ts";
import { messageOf } from "../core/errors.ts";

/** Whether something is there, asked at most once in `ttlMs`, by one caller for all, and given up after `timeoutMs`. */
export class Probe {
  readonly #ask: (signal: AbortSignal) => Promise<void>;
  readonly #ttlMs: number;
  readonly #timeoutMs: number;
  #answer: Promise<Availability> | undefined;
  #expiresAt = 0;

  /** @param ask returns when it is there, and throws why it is not; it ends when its signal is aborted */
  constructor(
    ask: (signal: AbortSignal) => Promise<void>,
    options: { readonly ttlMs: number; readonly timeoutMs: number },
  ) {
    this.#ask = ask;
    this.#ttlMs = options.ttlMs;
    this.#timeoutMs = options.timeoutMs;
  }

  answer(): Promise<Availability> {
    if (this.#answer !== undefined && performance.now() < this.#expiresAt) return this.#answer;
    this.#expiresAt = Number.POSITIVE_INFINITY;
    this.#answer = this.#probe().finally(() => this.#expiresAt = performance.now() + this.#ttlMs);
    return this.#answer;
  }

  async #probe(): Promise<Availability> {
    const deadline = new AbortController();
    const timer = setTimeout(
      () => deadline.abort(new Error(`no answer within ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    );
    const expired = Promise.withResolvers<never>();
    deadline.signal.addEventListener("abort", () => expired.reject(deadline.signal.reason));
    try {
      await Promise.race([this.#ask(deadline.signal), expired.promise]);
      return { available: true };
    } catch (error) {
      return { available: false, reason: messageOf(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}
