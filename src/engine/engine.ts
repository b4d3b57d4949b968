import { type CommandContext, runProgram } from "../commands/mod.ts";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import type { Attempt, Execution, Outcome } from "../core/execution.ts";
import { newId } from "../core/ids.ts";
import { nothingFits, soonestRetryMs } from "../core/nothing_fits.ts";
import { narrowPermissions, type PermissionPolicy } from "../core/permissions.ts";
import { type ExecutionRequest, placeFiles, type SelectionRequest } from "../core/request.ts";
import type { Selection } from "../core/selection.ts";
import { log } from "../log.ts";
import { describeRuntime, type RuntimeDescription } from "../runtimes/description.ts";
import { RuntimeProfile } from "../runtimes/profile.ts";
import type { ExecutionEnvironment, ExecutionRuntime } from "../runtimes/runtime.ts";
import { configOf, type RuntimeSelector } from "../runtimes/selector.ts";
import { Semaphore } from "../system/semaphore.ts";

/** How long an execution waits for a place before it is told `busy`. */
const QUEUE_TIMEOUT_MS = 2_000;

/** What an engine is made from. */
export interface EngineOptions {
  readonly selector: RuntimeSelector;
  readonly policy: PermissionPolicy;
  /** Programs that run at the same time; more wait in order. */
  readonly maxConcurrent: number;
  /** How long running programs may go on when the engine is disposed of, in ms. */
  readonly drainMs: number;
}

/** What a caller of {@link Engine.execute} adds to the request. */
export interface ExecuteOptions extends Pick<CommandContext, "onOutput"> {
  /** Aborting ends the program; its outcome is then `cancelled`. */
  readonly signal?: AbortSignal;
  /** Takes the place of the request's `stdin`. */
  readonly stdin?: ReadableStream<Uint8Array>;
}

/** What one attempt is for, and the isolation floor that holds for it. */
interface Demand {
  readonly request: ExecutionRequest;
  readonly floor: number;
}

/** The façade that every door uses: admit, select, run, record. */
export class Engine implements AsyncDisposable {
  readonly #selector: RuntimeSelector;
  readonly #policy: PermissionPolicy;
  readonly #places: Semaphore;
  readonly #drainMs: number;
  readonly #profiles = new Map<string, RuntimeProfile>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #shutdown = new AbortController();
  /** Aborted when nothing new is taken any more; then what still waits for a place is told so. */
  readonly #closing = new AbortController();

  constructor(options: EngineOptions) {
    this.#selector = options.selector;
    this.#policy = options.policy;
    this.#places = new Semaphore(options.maxConcurrent);
    this.#drainMs = options.drainMs;
  }

  /**
   * Runs a program on the best runtime that is safe enough, and tells how it ended.
   *
   * @throws {CodeBeakerError} when the caller or the service failed; a program that fails is a result
   * @throws the reason of `options.signal` when it is aborted before the program has a place
   */
  execute(request: ExecutionRequest, options: ExecuteOptions = {}): Promise<Execution> {
    const running = this.#execute(request, options);
    this.#track(running);
    return running;
  }

  /** What {@link execute} would choose; nothing is run. */
  async select(request: SelectionRequest): Promise<Selection> {
    const { selection } = await this.#selector.rank(this.#narrow(request));
    return selection;
  }

  describeRuntimes(): Promise<RuntimeDescription[]> {
    return Promise.all(this.#selector.runtimes.map((runtime) =>
      describeRuntime(runtime, {
        profile: this.#profile(runtime),
        whyUnavailable: (environment) => this.#selector.whyUnavailable(runtime, environment),
      })
    ));
  }

  /** Lets running programs finish for a while, ends the others as `interrupted`, and takes no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    const details = { retryAfterMs: 1_000 };
    this.#closing.abort(new CodeBeakerError("busy", "Cannot run now as the service is shutting down", { details }));
    const timer = setTimeout(() => this.#shutdown.abort(), this.#drainMs);
    while (this.#running.size > 0) await Promise.all(this.#running);
    clearTimeout(timer);
  }

  async #execute(request: ExecutionRequest, options: ExecuteOptions): Promise<Execution> {
    this.#closing.signal.throwIfAborted();
    const createdAt = new Date().toISOString();
    const narrowed = this.#narrow(request);
    const ranking = await this.#selector.rank(narrowed);
    if (ranking.passed.length === 0) {
      throw nothingFits(ranking.selection, { language: request.language, spoken: this.#selector.spokenLanguages() });
    }
    using _place = await this.#places.acquire({
      timeoutMs: QUEUE_TIMEOUT_MS,
      signal: withOwn(this.#closing.signal, options.signal),
    });
    const attempts: Attempt[] = [];
    const failures: CodeBeakerError[] = [];
    for (const runtime of ranking.passed) {
      try {
        const result = await this.#tryOn(runtime, { request: narrowed, floor: ranking.selection.floor }, options);
        return {
          id: newId("exec"),
          language: request.language,
          runtime: runtime.name,
          ...result,
          selection: ranking.selection,
          attempts,
          createdAt,
        };
      } catch (error) {
        if (!isUnavailability(error)) throw error;
        failures.push(error);
        attempts.push({ runtime: runtime.name, error: error.message });
      }
    }
    throw new CodeBeakerError(
      "runtime_unavailable",
      `Cannot run the program as no suitable runtime could start it: ${messageOf(attempts.at(-1)?.error)}`,
      {
        details: {
          selection: ranking.selection,
          attempts,
          retryAfterMs: soonestRetryMs(failures.map(({ details }) => details)),
        },
      },
    );
  }

  /** One attempt, which tells its runtime's circuit how it went. What it throws as `runtime_unavailable` began no user code. */
  async #tryOn(runtime: ExecutionRuntime, demand: Demand, options: ExecuteOptions) {
    using permit = this.#selector.admit(runtime);
    let hasBegun = false;
    const onStart = () => {
      hasBegun = true;
      if (options.signal?.aborted !== true) permit.succeed(); // A program cancelled before its start proves nothing.
    };
    try {
      return await this.#runOn(runtime, demand, { ...options, onStart });
    } catch (error) {
      if (!isUnavailability(error)) throw error;
      if (hasBegun) {
        throw new CodeBeakerError("internal", `Cannot follow the program to its end: ${error.message}`, {
          cause: error,
        });
      }
      if (!await isOfEnvironment(runtime, demand.request.language)) permit.fail(error.message);
      this.#profile(runtime).recordFailure();
      throw error;
    }
  }

  async #runOn(
    runtime: ExecutionRuntime,
    { request, floor }: Demand,
    { signal, stdin, onOutput, onStart }: ExecuteOptions & { onStart(): void },
  ) {
    const askedAt = performance.now();
    const config = { ...configOf(request, floor), singleUse: true };
    const environment = await runtime.createEnvironment(config);
    using _leaving = { [Symbol.dispose]: () => this.#leave(environment) };
    const { files, entrypoint } = placeFiles(request, environment.mainFile());
    for (const file of files) await environment.files.write(file.path, file.bytes);
    const result = await runProgram(environment, { kind: "file", path: entrypoint, args: request.args }, {
      limits: config.resourceLimits,
      stdin: stdin ?? request.stdin ?? "",
      signal: withOwn(this.#shutdown.signal, signal),
      askedAt,
      onStart,
      ...(onOutput === undefined ? {} : { onOutput }),
    });
    this.#profile(runtime).record({ startupMs: result.usage.startupMs, peakMemoryBytes: result.usage.peakMemoryBytes });
    return { ...result, outcome: this.#tellInterruption(result.outcome), warm: environment.warm };
  }

  /** Ends an environment behind the answer, which need not wait for it; the engine's own end does. */
  #leave(environment: ExecutionEnvironment): void {
    const disposing = (async () => {
      await using _owned = environment;
    })();
    this.#track(
      disposing.catch((error: unknown) =>
        log.error("an environment cannot be removed", { environment: environment.id, error: messageOf(error) })
      ),
    );
  }

  #track(work: Promise<unknown>): void {
    const settled = work.catch(() => {}).then(() => {
      this.#running.delete(settled);
    });
    this.#running.add(settled);
  }

  #tellInterruption(outcome: Outcome): Outcome {
    const isOurs = outcome.kind === "cancelled" && this.#shutdown.signal.aborted;
    return isOurs ? { kind: "interrupted", reason: "the service was shut down" } : outcome;
  }

  #narrow<Request extends SelectionRequest>(request: Request): Request {
    return { ...request, permissions: narrowPermissions(request.permissions, this.#policy) };
  }

  #profile({ name }: ExecutionRuntime): RuntimeProfile {
    const known = this.#profiles.get(name) ?? new RuntimeProfile();
    this.#profiles.set(name, known);
    return known;
  }
}

/** Whether a failure is one environment's (its image cannot be had), and says nothing about the runtime. */
async function isOfEnvironment(runtime: ExecutionRuntime, environment: string): Promise<boolean> {
  const [whole, part] = await Promise.all([runtime.isAvailable(), runtime.isAvailable(environment)]);
  return whole.available && !part.available;
}

function isUnavailability(error: unknown): error is CodeBeakerError {
  return error instanceof CodeBeakerError && error.code === "runtime_unavailable";
}

/** The engine's own signal, and the caller's where there is one. */
function withOwn(own: AbortSignal, callers: AbortSignal | undefined): AbortSignal {
  return callers === undefined ? own : AbortSignal.any([own, callers]);
}
