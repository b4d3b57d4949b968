import { CodeBeakerError, hasCode } from "../core/errors.ts";
import { type LimitName, type LimitPolicy, narrowLimits } from "../core/limits.ts";
import { noSuitableRuntime, retryOf } from "../core/no_suitable_runtime.ts";
import { narrowPermissions } from "../core/permissions/narrow_permissions.ts";
import type { PermissionBounds, PermissionPolicy } from "../core/permissions/permissions.ts";
import type { Principal } from "../core/principal.ts";
import type { SelectionRequest } from "../core/requests/selection_request.ts";
import type { Attempt, Selection } from "../core/selection.ts";
import type { RuntimeProfile } from "../runtimes/selection/profile.ts";
import type { ExecutionEnvironment, ExecutionRuntime, RuntimeConfig } from "../runtimes/port.ts";
import type { RankOptions } from "../runtimes/selection/filters.ts";
import type { Ranking } from "../runtimes/selection/ranking.ts";
import { configOf, type RuntimeSelector } from "../runtimes/selection/selector.ts";
import type { Observer } from "./observer.ts";

/** The parts of a dispatcher. */
export interface DispatcherOptions {
  readonly selector: RuntimeSelector;
  readonly policy: PermissionPolicy;
  readonly observer?: Observer;
}

/** A request and the runtimes that passed its filters. */
export interface Candidates<Request extends SelectionRequest = SelectionRequest> {
  /** The request, its permissions and limits narrowed by the policy and the key. */
  readonly request: Request;
  readonly ranking: Ranking;
  readonly tenant: string;
}

/** One attempt on one runtime. */
export interface RuntimeAttempt {
  readonly runtime: ExecutionRuntime;
  readonly config: RuntimeConfig;
  /** The most memory in MB that the request may take on this runtime. */
  readonly memoryMb: number;
  readonly profile: RuntimeProfile;
  /**
   * Reports that user code may have begun. No other runtime is tried from now on. A conclusive begin (the default) also
   * counts as a success of the runtime.
   */
  begin(options?: { readonly isConclusive?: boolean }): void;
}

/** The value of the attempt that succeeded, and the attempts that failed before it. */
export interface AttemptResult<Value> {
  readonly value: Value;
  readonly runtime: string;
  readonly attempts: readonly Attempt[];
}

/** The execution environment of a session, with the facts that the session needs. */
export interface SessionEnvironment {
  readonly environment: ExecutionEnvironment;
  readonly runtime: string;
  /** The limits that apply to each program in the environment. */
  readonly enforced: readonly LimitName[];
  /** Least memory in MB of a program in the environment, for example for its compiler. */
  readonly leastMemoryMb: number;
}

/** An execution environment that a lost service left behind. */
export interface OrphanEnvironment {
  readonly runtime: string;
  readonly environmentId: string;
  /** The isolation floor that the environment was made for. */
  readonly floor: number;
}

/** Selects a runtime for a caller's request. When a runtime cannot start, it falls back to the next candidate. */
export class Dispatcher {
  readonly #selector: RuntimeSelector;
  readonly #policy: PermissionPolicy;
  readonly #observer: Observer;

  constructor({ selector, policy, observer = {} }: DispatcherOptions) {
    this.#selector = selector;
    this.#policy = policy;
    this.#observer = observer;
  }

  /**
   * Explains which runtimes would be candidates for a request, without making an environment.
   *
   * @throws {CodeBeakerError} `permission_denied`, `invalid_request`
   */
  async explain(principal: Principal, request: SelectionRequest, options: RankOptions = {}): Promise<Selection> {
    const { selection } = await this.#selector.rank(this.#narrow(principal, request), options);
    return selection;
  }

  /**
   * Finds the candidates for a request, best first.
   *
   * @throws {CodeBeakerError} `permission_denied`, `invalid_request`; the error of {@link noSuitableRuntime} when no
   *   runtime passes
   */
  async findCandidates<Request extends SelectionRequest>(
    principal: Principal,
    request: Request,
    options: RankOptions = {},
  ): Promise<Candidates<Request>> {
    const narrowed = this.#narrow(principal, request);
    const ranking = await this.#selector.rank(narrowed, { ...options, installs: true });
    this.#observer.selected?.(ranking.selection);
    if (ranking.passed.length === 0) {
      throw noSuitableRuntime(ranking.selection, {
        language: request.language,
        supported: this.#selector.supportedLanguages(),
      });
    }
    return { request: narrowed, ranking, tenant: principal.tenant };
  }

  /**
   * Attempts work on one candidate after the other until one attempt succeeds.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when no candidate could start; else the error of the attempt
   */
  async attemptEach<Value>(
    { request, ranking, tenant }: Candidates,
    attempt: (on: RuntimeAttempt) => Promise<Value>,
  ): Promise<AttemptResult<Value>> {
    const attempts: Attempt[] = [];
    const failures: CodeBeakerError[] = [];
    const config = { ...configOf(request, ranking.selection.floor, this.#selector), tenant };
    for (const { runtime, memoryMb } of ranking.passed) {
      try {
        return {
          value: await this.#attemptOn({ runtime, config, memoryMb }, attempt),
          runtime: runtime.name,
          attempts,
        };
      } catch (error) {
        if (!hasCode(error, "runtime_unavailable")) throw error;
        const failed = { runtime: runtime.name, error: error.message };
        failures.push(error);
        attempts.push(failed);
        this.#observer.fellBack?.(failed);
      }
    }
    throw new CodeBeakerError(
      "runtime_unavailable",
      `Cannot run the program as no suitable runtime could start it: ${attempts.at(-1)?.error}`,
      {
        details: {
          selection: ranking.selection,
          attempts,
          ...retryOf(failures.map(({ details }) => details)),
        },
      },
    );
  }

  /**
   * Makes the environment of a session on the best candidate that can start.
   *
   * @throws as {@link attemptEach} does
   */
  async openSession(candidates: Candidates): Promise<SessionEnvironment> {
    const { value, runtime } = await this.attemptEach(candidates, async ({ runtime, config, begin }) => {
      const { isolation, memoryMb = 0 } = await runtime.assess(config);
      const environment = await runtime.createEnvironment(config);
      begin();
      return { environment, enforced: isolation.limits, leastMemoryMb: memoryMb };
    });
    return { ...value, runtime };
  }

  /**
   * Reattaches the environment of a session that an earlier process made. Undefined when the environment is gone, or
   * its isolation is now below the floor.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when its runtime does not answer now
   */
  async reattach(
    { runtime: name, environmentId, floor }: OrphanEnvironment,
    request: SelectionRequest,
  ): Promise<SessionEnvironment | undefined> {
    const runtime = this.#selector.runtimes.find((known) => known.name === name);
    const config = configOf(request, Math.max(floor, this.#selector.minIsolation), this.#selector); // The floor may be higher now.
    const environment = await runtime?.reattachEnvironment?.(environmentId, config);
    if (runtime === undefined || environment === undefined) return undefined;
    await using unwanted = new AsyncDisposableStack();
    unwanted.use(environment);
    const { isolation: { level, limits }, memoryMb = 0 } = await runtime.assess(config);
    if (level < config.minIsolation) return undefined;
    unwanted.move();
    return { environment, runtime: name, enforced: limits, leastMemoryMb: memoryMb };
  }

  /** The operator's limits. */
  get limitPolicy(): LimitPolicy {
    return this.#selector.limitPolicy;
  }

  /** The bounds of the permissions that a caller may ask for. */
  boundsOf({ ceiling }: Principal): PermissionBounds {
    return { ...this.#policy, ceiling };
  }

  /** Attempts on one runtime, and reports the result to its circuit breaker. */
  async #attemptOn<Value>(
    on: Pick<RuntimeAttempt, "runtime" | "config" | "memoryMb">,
    attempt: (on: RuntimeAttempt) => Promise<Value>,
  ): Promise<Value> {
    const { runtime, config } = on;
    using permit = this.#selector.admit(runtime);
    const profile = this.#selector.profileOf(runtime);
    let hasBegun = false;
    const begin: RuntimeAttempt["begin"] = ({ isConclusive = true } = {}) => {
      hasBegun = true;
      if (isConclusive) permit.succeed();
    };
    try {
      return await attempt({ ...on, profile, begin });
    } catch (error) {
      if (!hasCode(error, "runtime_unavailable")) throw error;
      if (hasBegun) throw lostDuringRun(error);
      if (!await isEnvironmentFault(runtime, config.environment)) permit.fail(error.message);
      profile.recordFailure();
      throw error;
    }
  }

  #narrow<Request extends SelectionRequest>(principal: Principal, request: Request): Request {
    return {
      ...request,
      limits: narrowLimits(request.limits, this.limitPolicy),
      permissions: narrowPermissions(request.permissions, this.boundsOf(principal)),
      minIsolation: Math.max(request.minIsolation ?? 0, principal.minIsolation),
    };
  }
}

/**
 * Makes the error for a runtime that is lost during a program. It is the service's failure; the program never runs
 * again elsewhere.
 */
function lostDuringRun(error: CodeBeakerError): CodeBeakerError {
  return new CodeBeakerError("internal", `Cannot follow the program to its end: ${error.message}`, { cause: error });
}

/** Whether only one environment name of a runtime fails, for example for a missing image. */
async function isEnvironmentFault(runtime: ExecutionRuntime, environment: string): Promise<boolean> {
  const [whole, part] = await Promise.all([runtime.isAvailable(), runtime.isAvailable(environment)]);
  return whole.available && !part.available;
}
