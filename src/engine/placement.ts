import type { RuntimeDiagnosis } from "../core/diagnosis.ts";
import { CodeBeakerError, hasCode, messageOf } from "../core/errors.ts";
import type { Attempt } from "../core/execution.ts";
import type { LimitName } from "../core/limits.ts";
import { earliestRetryMs, noSuitableRuntime } from "../core/no_suitable_runtime.ts";
import { narrowPermissions, type PermissionBounds, type PermissionPolicy } from "../core/permissions/permissions.ts";
import type { Principal } from "../core/principal.ts";
import type { SelectionRequest } from "../core/requests/execution_request.ts";
import type { Selection } from "../core/selection.ts";
import {
  describeRuntime,
  plainConfig,
  type RuntimeDescription,
  toAvailability,
} from "../runtimes/selection/description.ts";
import type { RuntimeProfile } from "../runtimes/selection/profile.ts";
import type { ExecutionEnvironment, ExecutionRuntime, RuntimeConfig } from "../runtimes/port.ts";
import { configOf, type Ranking, type RankOptions, type RuntimeSelector } from "../runtimes/selection/selector.ts";
import { delay, settledWithin } from "../concurrency/delay.ts";
import type { PoolState } from "../runtimes/warm/warm_pool.ts";
import type { Observer } from "./observer.ts";
import type { RuntimeReadiness } from "./port.ts";

/** How long the others may take to answer when one runtime is known to be there. */
const GRACE_MS = 20;

/** What placing is made from. */
export interface PlacementOptions {
  readonly selector: RuntimeSelector;
  readonly policy: PermissionPolicy;
  readonly observer?: Observer;
  /** How what is made ahead of time stands, by the runtime that it is for; absent, nothing is. */
  readonly poolOf?: (runtime: string) => PoolState;
}

/** A request, and what may be made for it, best first. */
export interface Candidates<Request extends SelectionRequest = SelectionRequest> {
  /** Narrowed by the policy and the key. */
  readonly request: Request;
  readonly ranking: Ranking;
  /** Whose request it is. */
  readonly tenant: string;
}

/** One attempt on a runtime. */
export interface Trial {
  readonly runtime: ExecutionRuntime;
  readonly config: RuntimeConfig;
  readonly profile: RuntimeProfile;
  /** The runtime has proved that it works; from now on user code may have begun, and nothing is tried elsewhere. */
  begin(options?: { readonly provesNothing?: boolean }): void;
}

/** What came of the attempt that succeeded, and those that failed before it. */
export interface Placed<Value> {
  readonly value: Value;
  readonly runtime: string;
  readonly attempts: readonly Attempt[];
}

/** An environment that lasts, and what is to be known of it later. */
export interface Lasting {
  readonly environment: ExecutionEnvironment;
  readonly runtime: string;
  /** The limits that hold for each program in it. */
  readonly enforced: readonly LimitName[];
  /** Memory in MB that a program in it takes at least, as its compiler does. */
  readonly leastMemoryMb: number;
}

/** What was found of a runtime, and whether it reaches the floor. */
export interface Diagnosed {
  readonly diagnosis: RuntimeDiagnosis;
  readonly reachesFloor: boolean;
}

/** What a lost process left. */
export interface Leftover {
  readonly runtime: string;
  readonly environmentId: string;
  /** The isolation floor that it was made for. */
  readonly floor: number;
}

/** Chooses among runtimes for a caller, and falls back from one that cannot be started to the next that passed. */
export class Placement {
  readonly #selector: RuntimeSelector;
  readonly #policy: PermissionPolicy;
  readonly #observer: Observer;
  readonly #poolOf: PlacementOptions["poolOf"];

  constructor({ selector, policy, observer = {}, poolOf }: PlacementOptions) {
    this.#poolOf = poolOf;
    this.#selector = selector;
    this.#policy = policy;
    this.#observer = observer;
  }

  /**
   * Every candidate for a request and why; nothing is made.
   *
   * @throws {CodeBeakerError} `permission_denied`, `invalid_request`
   */
  async explain(principal: Principal, request: SelectionRequest): Promise<Selection> {
    const { selection } = await this.#selector.rank(this.#narrow(principal, request));
    return selection;
  }

  /**
   * What may be made for a request.
   *
   * @throws {CodeBeakerError} `permission_denied`, `invalid_request`; and where nothing passed, what {@link
   *   noSuitableRuntime} tells
   */
  async candidates<Request extends SelectionRequest>(
    principal: Principal,
    request: Request,
    options: RankOptions = {},
  ): Promise<Candidates<Request>> {
    const narrowed = this.#narrow(principal, request);
    const ranking = await this.#selector.rank(narrowed, options);
    this.#observer.selected?.(ranking.selection);
    if (ranking.passed.length === 0) {
      throw noSuitableRuntime(ranking.selection, {
        language: request.language,
        spoken: this.#selector.spokenLanguages(),
      });
    }
    return { request: narrowed, ranking, tenant: principal.tenant };
  }

  /**
   * Attempts on one candidate after the other until one can be made.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when none could; else what an attempt throws
   */
  async tryEach<Value>(
    { request, ranking, tenant }: Candidates,
    attempt: (trial: Trial) => Promise<Value>,
  ): Promise<Placed<Value>> {
    const attempts: Attempt[] = [];
    const failures: CodeBeakerError[] = [];
    const config = { ...configOf(request, ranking.selection.floor), tenant };
    for (const runtime of ranking.passed) {
      try {
        return { value: await this.#tryOn(runtime, config, attempt), runtime: runtime.name, attempts };
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
      `Cannot run the program as no suitable runtime could start it: ${messageOf(attempts.at(-1)?.error)}`,
      {
        details: {
          selection: ranking.selection,
          attempts,
          retryAfterMs: earliestRetryMs(failures.map(({ details }) => details)),
        },
      },
    );
  }

  /**
   * An environment that a lost process left, by its runtime's name and its own id; undefined when there is none that is
   * isolated well enough.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when that cannot be told now
   */
  async reattach(
    { runtime: name, environmentId, floor }: Leftover,
    request: SelectionRequest,
  ): Promise<Lasting | undefined> {
    const runtime = this.#selector.runtimes.find((known) => known.name === name);
    const config = configOf(request, Math.max(floor, this.#selector.minIsolation)); // It may have been raised.
    const environment = await runtime?.reattachEnvironment?.(environmentId, config);
    if (runtime === undefined || environment === undefined) return undefined;
    await using unwanted = new AsyncDisposableStack();
    unwanted.use(environment);
    const { isolation: { level, limits }, memoryMb = 0 } = await runtime.assess(config);
    if (level < config.minIsolation) return undefined;
    unwanted.move();
    return { environment, runtime: name, enforced: limits, leastMemoryMb: memoryMb };
  }

  /** Makes an environment that lasts, on the best candidate that can make one. @throws as {@link tryEach} does */
  async open(candidates: Candidates): Promise<Lasting> {
    const { value, runtime } = await this.tryEach(candidates, async ({ runtime, config, begin }) => {
      const { isolation, memoryMb = 0 } = await runtime.assess(config);
      const environment = await runtime.createEnvironment(config);
      begin();
      return { environment, enforced: isolation.limits, leastMemoryMb: memoryMb };
    });
    return { ...value, runtime };
  }

  describe(): Promise<RuntimeDescription[]> {
    return Promise.all(this.#selector.runtimes.map((runtime) =>
      describeRuntime(runtime, {
        profile: this.#selector.profileOf(runtime),
        pool: this.#poolOf?.(runtime.name),
        whyUnavailable: (environment) => this.#selector.whyUnavailable(runtime, environment),
      })
    ));
  }

  /** The server's own isolation floor. */
  get floor(): number {
    return this.#selector.minIsolation;
  }

  /** Which runtimes can be used now. As soon as one can, those that have not answered are not waited for. */
  async readiness(): Promise<RuntimeReadiness[]> {
    const answers = this.#selector.runtimes.map(async (runtime) => {
      const obstacle = await this.#selector.whyUnavailable(runtime);
      return { name: runtime.name, ...toAvailability(obstacle) };
    });
    const first = Promise.withResolvers<void>();
    for (const answer of answers) {
      answer.then(({ available }) => available ? first.resolve() : undefined, () => {}); // `all` fails with it.
    }
    const all = Promise.all(answers);
    await Promise.race([first.promise.then(() => settledWithin(all, GRACE_MS)), all]);
    const pending = delay(0);
    const readiness = this.#selector.runtimes.map(({ name }, index) =>
      Promise.race([
        ...answers.slice(index, index + 1),
        pending.then(() => ({ name, available: false, reason: "it has not proven itself yet" })),
      ])
    );
    await pending;
    return await Promise.all(readiness);
  }

  /**
   * What stands around the programs of each runtime, and whether a request that asks for nothing would get the floor
   * there.
   */
  diagnose(): Promise<Diagnosed[]> {
    return Promise.all(this.#selector.runtimes.map(async (runtime) => {
      const found = await runtime.diagnose();
      const obstacle = await this.#selector.whyUnavailable(runtime);
      const { isolation } = await runtime.assess(plainConfig(runtime, this.floor));
      return {
        diagnosis: { runtime: runtime.name, ...toAvailability(obstacle), ...found },
        reachesFloor: obstacle === undefined && isolation.level >= this.floor,
      };
    }));
  }

  /**
   * One attempt, which tells its runtime's circuit how it went. What it throws as `runtime_unavailable` began no user
   * code.
   */
  async #tryOn<Value>(
    runtime: ExecutionRuntime,
    config: RuntimeConfig,
    attempt: (trial: Trial) => Promise<Value>,
  ): Promise<Value> {
    using permit = this.#selector.admit(runtime);
    const profile = this.#selector.profileOf(runtime);
    let hasBegun = false;
    const begin: Trial["begin"] = ({ provesNothing = false } = {}) => {
      hasBegun = true;
      if (!provesNothing) permit.succeed();
    };
    try {
      return await attempt({ runtime, config, profile, begin });
    } catch (error) {
      if (!hasCode(error, "runtime_unavailable")) throw error;
      if (hasBegun) throw lostOnTheWay(error);
      if (!await isOfEnvironment(runtime, config.environment)) permit.fail(error.message);
      profile.recordFailure();
      throw error;
    }
  }

  /** What bounds the permissions that a caller may ask for. */
  boundsOf({ ceiling }: Principal): PermissionBounds {
    return { ...this.#policy, ceiling };
  }

  #narrow<Request extends SelectionRequest>(principal: Principal, request: Request): Request {
    return {
      ...request,
      permissions: narrowPermissions(request.permissions, this.boundsOf(principal)),
      minIsolation: Math.max(request.minIsolation ?? 0, principal.minIsolation),
    };
  }
}

/**
 * A runtime that is lost while a program runs on it is the service's failure, and no reason to run the program again.
 */
function lostOnTheWay(error: CodeBeakerError): CodeBeakerError {
  return new CodeBeakerError("internal", `Cannot follow the program to its end: ${error.message}`, { cause: error });
}

/** Whether a failure is one environment's (its image cannot be had), and says nothing about the runtime. */
async function isOfEnvironment(runtime: ExecutionRuntime, environment: string): Promise<boolean> {
  const [whole, part] = await Promise.all([runtime.isAvailable(), runtime.isAvailable(environment)]);
  return whole.available && !part.available;
}
