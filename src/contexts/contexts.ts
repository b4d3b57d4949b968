import type { ContextInfo } from "../core/requests/cell_request.ts";
import { CodeBeakerError } from "../core/errors.ts";
import type { Outcome, Usage } from "../core/execution.ts";
import { newId } from "../core/ids.ts";
import { type Limits, resolveLimits } from "../core/limits.ts";
import type { ExecutionEnvironment } from "../runtimes/port.ts";
import { Context, lostContext } from "./context.ts";

/** Most contexts of one session at the same time. */
const MAX_CONTEXTS = 8;
/** Most lost contexts whose outcome is kept, so that their clients learn it. */
const MAX_LOST = 100;
/** Longest start of an interpreter, in ms. */
const START_TIMEOUT_MS = 15_000;
/** Cores that a context may keep busy all its life. Its CPU time is limited cell by cell. */
const MAX_CORES = 1_024;

/** The settings of a context. */
export interface ContextOptions {
  readonly language: string;
  /** The session's limits. Those of time and output apply to each cell. */
  readonly limits: Limits;
  readonly lifetimeMs: number;
  readonly createdAt: number;
  /** The context's reserved memory. It is disposed of at the context's end, or when the context is not opened. */
  readonly memory: Disposable;
  /** Called with the usage that no cell reports. It is that of the start, and at the end. */
  charge?(usage: Usage): void;
  readonly signal?: AbortSignal | undefined;
}

/** The contexts of one session. Disposing ends them. */
export class Contexts implements AsyncDisposable {
  readonly #living = new Map<string, Context>();
  /** The outcomes of lost contexts, the oldest first. */
  readonly #lost = new Map<string, Outcome>();
  #opening = 0;
  #isDisposed = false;

  /** How many contexts are not lost. */
  get count(): number {
    return this.#living.size;
  }

  /** Lists the contexts that are not lost, the oldest first. */
  list(): ContextInfo[] {
    return [...this.#living.values()].map(({ info }) => info);
  }

  /** @throws {CodeBeakerError} `busy` when there are too many */
  checkRoom(): void {
    if (this.count + this.#opening < MAX_CONTEXTS) return;
    throw new CodeBeakerError("busy", `Cannot open a context as the session has ${MAX_CONTEXTS}: close one of them`, {
      details: { retryAfterMs: 1_000 },
    });
  }

  /**
   * Starts an interpreter. Returns when it can evaluate.
   *
   * @throws {CodeBeakerError} `busy`, `unsupported_language`, `runtime_unavailable`; `conflict` when the session ends
   * meanwhile
   */
  async open(
    environment: Pick<ExecutionEnvironment, "mainFile" | "noPackages" | "run">,
    options: ContextOptions,
  ): Promise<ContextInfo> {
    const { charge, memory, signal } = options;
    using unused = new DisposableStack();
    unused.use(memory);
    this.checkRoom();
    this.#opening++;
    try {
      const context = await start(environment, options);
      const held = unused.move();
      context.ended.then(() => {
        held.dispose();
        charge?.({ wallMs: 0, startupMs: 0, ...context.takeUsage() });
      });
      await this.#keep(context, signal);
      return context.info;
    } finally {
      this.#opening--;
    }
  }

  /** @throws {CodeBeakerError} `not_found`; `conflict` when the context is lost */
  get(id: string): Context {
    const context = this.#living.get(id);
    if (context !== undefined) return context;
    const outcome = this.#lost.get(id);
    if (outcome !== undefined) throw lostContext(id, outcome);
    throw new CodeBeakerError("not_found", `Cannot find the context ${JSON.stringify(id.slice(0, 64))}`);
  }

  /**
   * Interrupts the running cell of a context; false when none runs.
   *
   * @throws {CodeBeakerError} `not_found`
   */
  interrupt(id: string): boolean {
    return !this.#lost.has(id) && this.get(id).interrupt();
  }

  /** @throws {CodeBeakerError} `not_found` */
  async close(id: string): Promise<void> {
    if (this.#lost.delete(id)) return;
    const context = this.get(id);
    this.#living.delete(id);
    await context.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await Promise.all([...this.#living.values()].map((context) => context.close()));
  }

  /** Keeps a context, or closes it when its session ends or its caller has left. */
  async #keep(context: Context, signal: AbortSignal | undefined): Promise<void> {
    const { id } = context.info;
    this.#living.set(id, context);
    context.ended.then((outcome) => this.#remember(id, outcome));
    if (!this.#isDisposed && signal?.aborted !== true) return;
    this.#living.delete(id);
    await context.close();
    signal?.throwIfAborted();
    throw new CodeBeakerError("conflict", "Cannot open a context as the session is closing");
  }

  /** Records why a context was lost; a closed context is not lost. */
  #remember(id: string, outcome: Outcome): void {
    if (!this.#living.delete(id)) return;
    this.#lost.set(id, outcome);
    for (const oldest of [...this.#lost.keys()].slice(0, -MAX_LOST)) this.#lost.delete(oldest);
  }
}

/** @throws {CodeBeakerError} `unsupported_language`, `runtime_unavailable` */
async function start(
  environment: Pick<ExecutionEnvironment, "mainFile" | "noPackages" | "run">,
  { charge, createdAt, language, lifetimeMs, limits, signal }: ContextOptions,
): Promise<Context> {
  environment.mainFile(language); // Throws for an unsupported language.
  const forLife = {
    ...limits,
    timeoutMs: lifetimeMs,
    cpuMs: lifetimeMs * MAX_CORES,
    maxTotalOutputBytes: Number.MAX_SAFE_INTEGER,
  };
  const handle = await environment.run({ kind: "context", language }, { env: {}, limits: forLife });
  const info = { id: newId("ctx"), language, createdAt: new Date(createdAt).toISOString() };
  const context = new Context(info, handle, environment);
  const first = await context.run({ code: "" }, {
    limits: { ...resolveLimits({}), timeoutMs: START_TIMEOUT_MS },
    signal,
  });
  charge?.(first.usage);
  if (first.exitCode === 0) return context;
  await context.close();
  signal?.throwIfAborted();
  const why = first.stderr.trim() === "" ? JSON.stringify(first.outcome) : first.stderr.slice(0, 500);
  throw new CodeBeakerError("runtime_unavailable", `Cannot open a context as its interpreter did not start: ${why}`);
}
