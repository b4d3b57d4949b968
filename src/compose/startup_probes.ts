import { delay } from "../concurrency/delay.ts";
import type { Availability } from "../core/capabilities.ts";
import { messageOf } from "../core/errors.ts";
import { log } from "../log.ts";
import type { ExecutionRuntime } from "../runtimes/port.ts";

/** Time without a program before a runtime is tested or measured, in ms. A client that thinks is not disturbed. */
export const QUIET_MS = 1_000;
/** The pause before each further runtime, in ms. */
const PAUSE_MS = 100;
/** Longest wait for an idle service, in ms. */
const MAX_WAIT_MS = 2_000;

/**
 * Probes each runtime once, which loads its code and begins its self-test. So the first request that needs the runtime
 * waits less. One runtime is probed after another, so that none is slow because of the others, and requests go first.
 * Disposing probes no further one.
 */
export class StartupProbes implements Disposable {
  readonly #firstAnswer = Promise.withResolvers<void>();
  readonly #firstAvailable = Promise.withResolvers<string | undefined>();
  readonly #mayProbeOthers = Promise.withResolvers<void>();
  readonly #allAnswered: Promise<void>;
  readonly #ending = new AbortController();
  #isBusy = () => false;

  /** Probes the first runtime. */
  constructor(runtimes: readonly ExecutionRuntime[]) {
    this.#allAnswered = this.#probe(runtimes);
  }

  /** Fulfilled when the first runtime has answered, whether it can be used or not. */
  get firstAnswer(): Promise<void> {
    return this.#firstAnswer.promise;
  }

  /** The name of the first runtime that can be used; undefined where none can. */
  get firstAvailable(): Promise<string | undefined> {
    return this.#firstAvailable.promise;
  }

  /** Fulfilled when every runtime has answered. */
  get allAnswered(): Promise<void> {
    return this.#allAnswered;
  }

  /** Probes the others when the first has answered. Each waits until the service is not busy, at most 2 s. */
  probeOthers(isBusy: () => boolean): void {
    this.#isBusy = isBusy;
    this.#mayProbeOthers.resolve();
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
    this.#mayProbeOthers.resolve(); // So that waiting callers settle; no other runtime is asked.
  }

  async #probe(runtimes: readonly ExecutionRuntime[]): Promise<void> {
    let canRun = false;
    for (const runtime of runtimes) {
      if (canRun) await this.#whenIdle();
      if (this.#ending.signal.aborted) break;
      const { available } = await answerOf(runtime);
      canRun ||= available;
      this.#firstAnswer.resolve();
      if (available) this.#firstAvailable.resolve(runtime.name);
      await this.#mayProbeOthers.promise;
    }
    this.#firstAvailable.resolve(undefined);
  }

  async #whenIdle(): Promise<void> {
    const { signal } = this.#ending;
    for (let waitedMs = 0; waitedMs < MAX_WAIT_MS && !signal.aborted; waitedMs += PAUSE_MS) {
      await delay(PAUSE_MS, { signal });
      if (!this.#isBusy()) return;
    }
  }
}

async function answerOf(runtime: ExecutionRuntime): Promise<Pick<Availability, "available">> {
  const { name } = runtime;
  try {
    const answer = await runtime.isAvailable();
    log.debug("runtime.answered", { runtime: name, ...answer });
    return answer;
  } catch (error) {
    log.error("runtime.probe_failed", { runtime: name, error: messageOf(error) });
    return { available: false };
  }
}
