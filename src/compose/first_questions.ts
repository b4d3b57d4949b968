import type { Availability } from "../core/capabilities.ts";
import { messageOf } from "../core/errors.ts";
import { log } from "../log.ts";
import type { ExecutionRuntime } from "../runtimes/port.ts";

/**
 * The first question to each runtime, which begins its self-test: the first request that needs it waits less. One runtime
 * is asked after another, so that none is slow because of the others. Disposing asks no further one.
 */
export class FirstQuestions implements Disposable {
  readonly #firstAvailable = Promise.withResolvers<string | undefined>();
  readonly #mayAskOthers = Promise.withResolvers<void>();
  readonly #allAnswered: Promise<void>;
  #isOver = false;

  /** Asks the first runtime. */
  constructor(runtimes: readonly ExecutionRuntime[]) {
    this.#allAnswered = this.#ask(runtimes);
  }

  /** The name of the first runtime that can be used; undefined where none can. */
  get firstAvailable(): Promise<string | undefined> {
    return this.#firstAvailable.promise;
  }

  /** Fulfilled when every runtime has answered. */
  get allAnswered(): Promise<void> {
    return this.#allAnswered;
  }

  /** Asks the others, when the first has answered. */
  askOthers(): void {
    this.#mayAskOthers.resolve();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.askOthers(); // None, but whoever waits is told.
  }

  async #ask(runtimes: readonly ExecutionRuntime[]): Promise<void> {
    for (const runtime of runtimes) {
      if (this.#isOver) break;
      const { available } = await answerOf(runtime);
      if (available) this.#firstAvailable.resolve(runtime.name);
      await this.#mayAskOthers.promise;
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
