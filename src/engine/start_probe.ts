import { runProgram } from "../commands/mod.ts";
import { CodeBeakerError, hasCode, messageOf } from "../core/errors.ts";
import { DEFAULT_LIMITS } from "../core/limits.ts";
import { log } from "../log.ts";
import { plainConfig } from "../runtimes/selection/description.ts";
import { ENOUGH_SAMPLES } from "../runtimes/selection/profile.ts";
import type { ExecutionRuntime } from "../runtimes/port.ts";
import type { RuntimeSelector } from "../runtimes/selection/selector.ts";
import { delay } from "../concurrency/delay.ts";
import type { MemoryBudget } from "../concurrency/memory_budget.ts";

/** How long the machine is left to others before each program, in ms. */
const PAUSE_MS = 250;
/** How long a program may take, in ms. */
const TIMEOUT_MS = 10_000;

/** What a probe is made from. */
export interface StartProbeOptions {
  readonly selector: RuntimeSelector;
  readonly memory: Pick<MemoryBudget, "forWarm">;
  /** Whether a program of somebody's runs, or nothing is to run any more. */
  isBusy(): boolean;
  /** Absent, a quarter of a second. */
  readonly pauseMs?: number;
}

/**
 * Measures each language that several runtimes can run now, so that the choice among them need not rest on what they
 * declare: as many empty programs on each as are enough, one at a time, while nobody's program runs. Where there is no
 * choice it runs nothing. It fetches no image, and what fails counts as a failure of its runtime. Disposing ends it.
 */
export class StartProbe implements AsyncDisposable {
  readonly #options: StartProbeOptions;
  readonly #ending = new AbortController();
  #probing: Promise<void> | undefined;

  constructor(options: StartProbeOptions) {
    this.#options = options;
  }

  /** Begins, once. */
  begin(): void {
    this.#probing ??= this.#probe().catch((error: unknown) =>
      log.warning("the runtimes cannot be measured", { error: messageOf(error) })
    );
  }

  /** Settles when everything is measured, or given up. */
  get over(): Promise<void> {
    return this.#probing ?? Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.over;
  }

  async #probe(): Promise<void> {
    const { selector } = this.#options;
    for (const language of selector.spokenLanguages()) {
      const rivals = await this.#runnersOf(language);
      if (rivals.length < 2) continue;
      for (const runtime of rivals) await this.#measure(runtime, language);
    }
  }

  async #runnersOf(language: string): Promise<ExecutionRuntime[]> {
    const { selector } = this.#options;
    const runners: ExecutionRuntime[] = [];
    for (const runtime of selector.runtimes) {
      if (this.#ending.signal.aborted || !runtime.supportedEnvironments.includes(language)) continue;
      const obstacle = await selector.whyUnavailable(runtime, language, { fetchesNothing: true });
      if (obstacle === undefined) runners.push(runtime);
    }
    return runners;
  }

  async #measure(runtime: ExecutionRuntime, language: string): Promise<void> {
    for (let sample = 0; sample < ENOUGH_SAMPLES; sample++) {
      if (!await this.#isIdle()) return;
      try {
        await this.#runOnce(runtime, language);
      } catch (error) {
        if (this.#ending.signal.aborted || hasCode(error, "busy")) return;
        this.#options.selector.profileOf(runtime).recordFailure();
        log.warning("a runtime cannot be measured", { runtime: runtime.name, language, error: messageOf(error) });
        return;
      }
    }
  }

  /** Waits until nobody's program runs; false when it never will. */
  async #isIdle(): Promise<boolean> {
    const { isBusy, pauseMs = PAUSE_MS } = this.#options;
    const { signal } = this.#ending;
    do await delay(pauseMs, { signal }); while (!signal.aborted && isBusy());
    return !signal.aborted;
  }

  async #runOnce(runtime: ExecutionRuntime, language: string): Promise<void> {
    const { memory, selector } = this.#options;
    const { signal } = this.#ending;
    const limits = { ...DEFAULT_LIMITS, timeoutMs: TIMEOUT_MS };
    using held = memory.forWarm(limits.memoryMb);
    if (held === undefined) throw new CodeBeakerError("busy", "Others need the memory");
    const config = { ...plainConfig(runtime, selector.minIsolation), environment: language };
    const askedAt = performance.now();
    await using environment = await runtime.createEnvironment({ ...config, singleUse: true, startsCold: true });
    const path = environment.mainFile();
    await environment.files.write(path, new Uint8Array());
    const { outcome, usage } = await runProgram(environment, { kind: "file", path, args: [] }, {
      limits,
      signal,
      askedAt,
    });
    if (outcome.kind === "exited" && outcome.exitCode === 0) {
      selector.profileOf(runtime).record({ ...usage, language, path: "cold" });
    }
  }
}
