import { runProgram } from "../commands/mod.ts";
import { CodeBeakerError, hasCode, messageOf } from "../core/errors.ts";
import { DEFAULT_LIMITS } from "../core/limits.ts";
import { LOCAL_USER } from "../core/principal.ts";
import type { StartPath } from "../core/selection.ts";
import { log } from "../log.ts";
import { plainConfig } from "../runtimes/selection/description.ts";
import { ENOUGH_SAMPLES } from "../runtimes/selection/profile.ts";
import type { ExecutionRuntime } from "../runtimes/port.ts";
import type { RuntimeSelector } from "../runtimes/selection/selector.ts";
import { delay, settledWithin } from "../concurrency/delay.ts";
import type { MemoryBudget } from "../concurrency/memory_budget.ts";

/** Pause before each program, in ms. */
const PAUSE_MS = 250;
const TIMEOUT_MS = 10_000;
/** Longest wait for a runtime's self-test, in ms. */
const SELF_TEST_MS = 60_000;

/** The parts of a start probe. */
export interface StartProbeOptions {
  readonly selector: RuntimeSelector;
  readonly memory: Pick<MemoryBudget, "forWarm">;
  /** Whether a client's program runs or has just run, or the service shuts down. */
  isBusy(): boolean;
  /** Default: 250. */
  readonly pauseMs?: number;
}

/**
 * Measures the start-up of languages that several runtimes can run. So selection need not rest on declared figures. It
 * runs empty programs, one at a time, while no client's program runs. It fetches no image, and a failure counts as a
 * failure of the runtime. Disposing ends it.
 */
export class StartProbe implements AsyncDisposable {
  readonly #options: StartProbeOptions;
  readonly #ending = new AbortController();
  #probing: Promise<void> | undefined;

  constructor(options: StartProbeOptions) {
    this.#options = options;
  }

  /** Begins; a second call does nothing. */
  begin(): void {
    this.#probing ??= this.#probe().catch((error: unknown) =>
      log.warning("start_probe.failed", { error: messageOf(error) })
    );
  }

  /** Settles when every language is measured, or the probe has ended. */
  get over(): Promise<void> {
    return this.#probing ?? Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.over;
  }

  async #probe(): Promise<void> {
    const { selector } = this.#options;
    for (const runtime of selector.runtimes) await this.#awaitSelfTest(runtime);
    const available = await filterAsync(selector.runtimes, (runtime) => this.#isAvailable(runtime));
    for (const language of selector.supportedLanguages()) {
      const candidates = available.filter(({ supportedEnvironments }) => supportedEnvironments.includes(language));
      if (candidates.length < 2) continue; // The checks below may test the language, in vain where one runtime alone has it.
      const runtimes = await filterAsync(candidates, (runtime) => this.#isAvailable(runtime, language));
      if (runtimes.length < 2) continue;
      for (const runtime of runtimes) await this.#measure(runtime, language);
    }
  }

  /** Waits for a running self-test. Until its end, the runtime counts as unavailable. */
  async #awaitSelfTest(runtime: ExecutionRuntime): Promise<void> {
    const { minIsolation } = this.#options.selector;
    await runtime.isAvailable();
    const selfTest = runtime.pendingSelfTest?.({ minIsolation, isPatient: true });
    if (selfTest !== undefined) await settledWithin(selfTest(), SELF_TEST_MS, { signal: this.#ending.signal });
  }

  async #isAvailable(runtime: ExecutionRuntime, language?: string): Promise<boolean> {
    if (this.#ending.signal.aborted) return false;
    const obstacle = await this.#options.selector.whyUnavailable(runtime, language, { fetchesNothing: true });
    return obstacle === undefined;
  }

  /**
   * Measures cold starts. Where a process runs one program of its tenant after another, only the first start is cold,
   * and the warm ones are measured: they are what clients get.
   */
  async #measure(runtime: ExecutionRuntime, language: string): Promise<void> {
    const samples = { cold: 0, warm: 0 };
    while (samples.cold < ENOUGH_SAMPLES && samples.warm < ENOUGH_SAMPLES) {
      if (!await this.#isIdle()) return;
      try {
        samples[await this.#runOnce(runtime, language)]++;
      } catch (error) {
        if (this.#ending.signal.aborted || hasCode(error, "busy")) return;
        this.#options.selector.profileOf(runtime).recordFailure();
        log.warning("start_probe.runtime_failed", { runtime: runtime.name, language, error: messageOf(error) });
        return;
      }
    }
  }

  /** Waits until no client's program runs. False when the probe ends first. */
  async #isIdle(): Promise<boolean> {
    const { isBusy, pauseMs = PAUSE_MS } = this.#options;
    const { signal } = this.#ending;
    do await delay(pauseMs, { signal }); while (!signal.aborted && isBusy());
    return !signal.aborted;
  }

  /** Runs an empty program as the local user, whose programs may be its successors. Returns how it started. */
  async #runOnce(runtime: ExecutionRuntime, language: string): Promise<StartPath> {
    const { memory, selector } = this.#options;
    const { signal } = this.#ending;
    const limits = { ...DEFAULT_LIMITS, timeoutMs: TIMEOUT_MS };
    const plain = plainConfig(runtime, selector.minIsolation);
    const config = { ...plain, environment: language, tenant: LOCAL_USER.tenant };
    const { memoryMb = limits.memoryMb } = await runtime.assess(config);
    using reserved = memory.forWarm(memoryMb);
    if (reserved === undefined) throw new CodeBeakerError("busy", "Cannot measure as no memory is free");
    const askedAt = performance.now();
    await using environment = await runtime.createEnvironment({ ...config, singleUse: true, startsCold: true });
    const path = environment.mainFile();
    await environment.files.write(path, new Uint8Array());
    const { outcome, usage } = await runProgram(environment, { kind: "file", path, args: [] }, {
      limits,
      signal,
      askedAt,
    });
    const started: StartPath = environment.warm ? "warm" : "cold";
    if (outcome.kind === "exited" && outcome.exitCode === 0) {
      selector.profileOf(runtime).record({ ...usage, language, path: started });
    }
    return started;
  }
}

/** Tests runtimes one after the other, and returns those that pass. */
async function filterAsync(
  runtimes: readonly ExecutionRuntime[],
  passes: (runtime: ExecutionRuntime) => Promise<boolean>,
): Promise<ExecutionRuntime[]> {
  const passed: ExecutionRuntime[] = [];
  for (const runtime of runtimes) if (await passes(runtime)) passed.push(runtime);
  return passed;
}
