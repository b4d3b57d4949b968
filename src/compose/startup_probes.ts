import type { Availability } from "../core/capabilities.ts";
import { messageOf } from "../core/errors.ts";
import { log } from "../log.ts";
import type { ExecutionRuntime } from "../runtimes/port.ts";

/**
 * Probes each runtime once, which begins its self-test. So the first request that needs the runtime waits less. One
 * runtime is probed after another, so that none is slow because of the others. Disposing probes no further one.
 */
export class StartupProbes implements Disposable {
  readonly #firstAnswer = Promise.withResolvers<void>();
  readonly #firstAvailable = Promise.withResolvers<string | undefined>();
  readonly #mayProbeOthers = Promise.withResolvers<void>();
  readonly #allAnswered: Promise<void>;
  #isOver = false;

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

  /** Probes the others, when the first has answered. */
  probeOthers(): void {
    this.#mayProbeOthers.resolve();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.probeOthers(); // So that waiting callers settle; no other runtime is asked.
  }

  async #probe(runtimes: readonly ExecutionRuntime[]): Promise<void> {
    for (const runtime of runtimes) {
      if (this.#isOver) break;
      const { available } = await answerOf(runtime);
      this.#firstAnswer.resolve();
      if (available) this.#firstAvailable.resolve(runtime.name);
      await this.#mayProbeOthers.promise;
    }
    this.#firstAvailable.resolve(undefined);
  }
}

async function answerOf(runtime: ExecutionRuntime): Promise<Pick<Availability, "available">> {
  const { name } = runtime;
  try {
    const answer = await runtime.isAvailable();
    log.debug("runtime.answered", { runtime: name, ...answer });
    return answer;
  } catch (error) {
    log.error("runtime.load_failed", { runtime: name, error: messageOf(error) });
    return { available: false };
  }
}
