import type { RuntimeType } from "../../core/capabilities.ts";
import { type LimitPolicy, OWN_LIMIT_POLICY, resolveLimits } from "../../core/limits.ts";
import type { SelectionRequest } from "../../core/requests/selection_request.ts";
import type { Rejection, ScoreInputs } from "../../core/selection.ts";
import { CircuitBreaker, type CircuitPermit } from "./circuit_breaker.ts";
import {
  declaredInputs,
  type Demand,
  isFor,
  knownLackOf,
  mismatchOf,
  type RankOptions,
  shortfallOf,
  tooMuchMemory,
} from "./filters.ts";
import { fitOf } from "./fit.ts";
import { checkForced } from "./forced_runtime.ts";
import { RuntimeProfile } from "./profile.ts";
import { KeptRankings, shapeOf } from "./kept_rankings.ts";
import type { AvailabilityOptions, ExecutionRuntime, RuntimeConfig } from "../port.ts";
import {
  bestFirst,
  hasRival,
  type Judged,
  needsLastResort,
  type Ranking,
  rankingOf,
  rejected,
  UNTESTED,
  withoutInstallation,
  withoutSelfTest,
} from "./ranking.ts";
import { STRATEGIES } from "./strategies.ts";

/** The slowest start of a runtime taken while the best one is tested, in ms. A self-test takes about 1 s. */
const RIVAL_START_MS = 500;

/** Options of a selector. */
export interface SelectorOptions {
  /** The server's own isolation floor. */
  readonly minIsolation: number;
  /** The operator's limits; absent, the service's own. */
  readonly limitPolicy?: LimitPolicy;
  /** The memory of all programs together, in MB; absent, it is not bounded. */
  readonly maxMemoryMb?: number | undefined;
  /** The clock of circuits and profiles, in ms; `performance.now` when absent. */
  readonly now?: () => number;
}

/**
 * Chooses among runtimes: isolation is a filter, speed and memory are the score. A circuit keeps requests from a
 * runtime that keeps failing.
 */
export class RuntimeSelector {
  readonly #runtimes: readonly ExecutionRuntime[];
  readonly #minIsolation: number;
  readonly #maxMemoryMb: number;
  readonly #now: (() => number) | undefined;
  readonly #circuits = new Map<string, CircuitBreaker>();
  readonly #profiles = new Map<string, RuntimeProfile>();
  readonly #kept = new KeptRankings();
  readonly #limitPolicy: LimitPolicy | undefined;

  /** @param runtimes in the order that breaks ties */
  constructor(runtimes: readonly ExecutionRuntime[], options: SelectorOptions) {
    this.#runtimes = runtimes;
    this.#minIsolation = options.minIsolation;
    this.#maxMemoryMb = options.maxMemoryMb ?? Infinity;
    this.#now = options.now;
    this.#limitPolicy = options.limitPolicy;
  }

  /** The operator's limits. */
  get limitPolicy(): LimitPolicy {
    return this.#limitPolicy ?? OWN_LIMIT_POLICY;
  }

  /** The server's own isolation floor. */
  get minIsolation(): number {
    return this.#minIsolation;
  }

  get runtimes(): readonly ExecutionRuntime[] {
    return this.#runtimes;
  }

  /** The best runtime for a request, or null when nothing fits. */
  async selectBestRuntime(request: SelectionRequest): Promise<ExecutionRuntime | null> {
    const { passed } = await this.rank(request);
    return passed[0]?.runtime ?? null;
  }

  /** The first available runtime of a type that supports the environment name, or null. No other filter is applied. */
  async selectByType(type: RuntimeType, environment: string): Promise<ExecutionRuntime | null> {
    const available = await this.getAvailableRuntimes();
    return available.find((runtime) => runtime.type === type && runtime.supportedEnvironments.includes(environment)) ??
      null;
  }

  /** The runtimes that can be used now. */
  async getAvailableRuntimes(): Promise<ExecutionRuntime[]> {
    const obstacles = await Promise.all(this.#runtimes.map((runtime) => this.whyUnavailable(runtime)));
    return this.#runtimes.filter((_, index) => obstacles[index] === undefined);
  }

  /** Every environment name that some runtime supports, available or not. */
  supportedLanguages(): string[] {
    return [...new Set(this.#runtimes.flatMap((runtime) => runtime.supportedEnvironments))];
  }

  /**
   * Why a runtime, or one of its environment names, cannot be used now. Undefined when it can. The call changes
   * nothing.
   */
  async whyUnavailable(
    runtime: ExecutionRuntime,
    environment?: string,
    options?: AvailabilityOptions,
  ): Promise<Rejection | undefined> {
    const open = this.#circuit(runtime).whyOpen();
    if (open !== undefined) {
      return { code: "circuit_open", detail: open.reason, retryAfterMs: open.retryAfterMs };
    }
    const answer = await runtime.isAvailable(environment, options);
    if (answer.available) return undefined;
    const { available: _, reason, ...outlook } = answer;
    return { code: "unavailable", detail: reason, ...outlook };
  }

  /**
   * A permit to try a runtime once. Its owner reports the result and disposes of it.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when its circuit is open, or another execution has the trial
   */
  admit(runtime: ExecutionRuntime): CircuitPermit {
    return this.#circuit(runtime).admit();
  }

  /** The measurements of a runtime, by which it is ranked once there are enough. */
  profileOf({ name }: ExecutionRuntime): RuntimeProfile {
    const known = this.#profiles.get(name) ?? new RuntimeProfile(this.#now);
    this.#profiles.set(name, known);
    return known;
  }

  /**
   * Filters and ranks the runtimes for a request, and explains the result. It waits for the self-tests of all runtimes
   * that fit. Docker's, and with `takesTested` each one, is waited for only where that runtime would be chosen.
   *
   * @throws {CodeBeakerError} `invalid_request` when the request forces a runtime that does not exist, or that does not run
   *   its language
   */
  async rank(request: SelectionRequest, options: RankOptions = {}): Promise<Ranking> {
    const shape = shapeOf(request, options);
    if (shape === undefined) return await this.#rankAnew(request, options);
    const revision = () => this.#revisionFor(request);
    const begun = revision();
    const kept = begun === undefined ? undefined : this.#kept.find(shape, begun);
    if (kept !== undefined) return kept;
    const ranking = await this.#rankAnew(request, options);
    if (begun !== undefined && revision() === begun) this.#kept.keep(shape, { ranking, revision: begun });
    return ranking;
  }

  async #rankAnew(request: SelectionRequest, options: RankOptions): Promise<Ranking> {
    checkForced(request, this.#runtimes);
    const isForced = request.runtime !== undefined;
    const { installs: _installs, isPatient: _isPatient, needs: _needs, takesTested: _takesTested, ...known } = options;
    const floor = Math.max(this.#minIsolation, request.minIsolation ?? 0);
    const demand = { request, floor, options, isForced, config: { ...configOf(request, floor, this), ...known } };
    const judged = await this.#judgeSettled(demand);
    const ranking = rankingOf(judged, demand);
    if (!needsLastResort(judged, demand)) return ranking;
    const lenient = { ...demand, isLastResort: true };
    const lastResort = rankingOf(await this.#judgeSettled(lenient), lenient);
    return lastResort.passed.length > 0 ? lastResort : ranking;
  }

  /**
   * Grows when a runtime's answers or its measurements may give such a request another ranking.
   * Undefined while it may change at any time.
   */
  #revisionFor(request: SelectionRequest): number | undefined {
    let sum = 0;
    for (const runtime of this.#runtimes) {
      if (!isFor(runtime, request)) continue;
      const own = this.#circuit(runtime).whyOpen() === undefined ? runtime.revision?.(request.language) : undefined;
      if (own === undefined) return undefined;
      sum += own + this.profileOf(runtime).revision;
    }
    return sum;
  }

  /**
   * Judges all runtimes until the choice is final. The best one has then been installed and tested, and has learnt the
   * surface that decides.
   */
  async #judgeSettled(demand: ConfiguredDemand): Promise<readonly Judged[]> {
    const { request: { language }, options: { installs = false, isPatient = false, needs, takesTested = false } } =
      demand;
    const prepared = new Set<ExecutionRuntime>();
    const waitedFor = new Set<ExecutionRuntime>();
    const asked = new Set<ExecutionRuntime>();
    let hasWaitedInVain = false;
    let mayTakeTested = takesTested;
    let hasTaken = false;
    for (;;) {
      const judged = (await this.#judgeAll(demand))
        .map((one) => hasTaken || waitedFor.has(one.runtime) ? withoutSelfTest(one) : one)
        .map((one) => prepared.has(one.runtime) ? withoutInstallation(one) : one);
      const [best, ...others] = bestFirst(judged, demand);
      if (best?.mustInstall !== undefined) {
        if (!installs) return judged;
        prepared.add(best.runtime);
        const runsElsewhere = others.some(({ mustInstall }) => mustInstall === undefined);
        const isAwaited: boolean = !runsElsewhere && !hasWaitedInVain; // A request waits so long once.
        const sawEnd: boolean | undefined = await best.runtime.prepare?.(language, { isAwaited, isPatient });
        hasWaitedInVain ||= isAwaited && sawEnd === false;
        continue;
      }
      if (best?.selfTest !== undefined) {
        hasTaken = mayTakeTested && await isReadyInstead(others.find(isReady), { best, language });
        const tested = best.selfTest();
        if (hasTaken) tested.catch(() => {}); // The next question to the runtime has its error.
        else {
          waitedFor.add(best.runtime);
          await tested;
        }
        continue;
      }
      if (best === undefined && hasTaken) { // The runtime that was taken has been rejected since.
        [mayTakeTested, hasTaken] = [false, false];
        continue;
      }
      const mayLearn = best !== undefined && needs !== undefined && !asked.has(best.runtime) && hasRival(best, judged);
      const learning = mayLearn ? best.runtime.learnSurface?.(language, needs) : undefined;
      if (best === undefined || learning === undefined) return judged.map(withoutInstallation).map(withoutSelfTest);
      asked.add(best.runtime);
      await learning;
    }
  }

  #judgeAll(demand: ConfiguredDemand): Promise<Judged[]> {
    return Promise.all(this.#runtimes.map((runtime) => this.#judge(runtime, demand)));
  }

  /**
   * Judges a runtime. The facts are judged first and at once, so that a runtime that does not fit is neither loaded nor
   * waited for.
   */
  #judge(runtime: ExecutionRuntime, demand: ConfiguredDemand): Judged | Promise<Judged> {
    const rejectedBecause = mismatchOf(runtime, demand.request) ?? knownLackOf(runtime, demand);
    if (rejectedBecause === undefined) return this.#judgeLoaded(runtime, demand);
    const declared = declaredInputs(runtime.getCapabilities(demand.request.language));
    return rejected(runtime, { rejectedBecause, declared });
  }

  /** @param isAgain whether the self-test has ended while the runtime was judged */
  async #judgeLoaded(runtime: ExecutionRuntime, demand: ConfiguredDemand, isAgain = false): Promise<Judged> {
    const { config, request, floor, options } = demand;
    const capabilities = runtime.getCapabilities(request.language);
    const { isPatient = false, needs, takesTested = false } = options;
    const assessment = await runtime.assess(config, { assumesSelfTest: takesTested && !isAgain });
    const declared = declaredInputs({ ...capabilities, isolationLevel: assessment.isolation.level });
    const { memoryMb = config.resourceLimits.memoryMb, mustInstall } = assessment;
    const rejectedBecause = shortfallOf(assessment, demand) ?? tooMuchMemory(memoryMb, this.#maxMemoryMb) ??
      await this.whyUnavailable(runtime, request.language, { assumesSelfTest: true });
    if (rejectedBecause !== undefined) return rejected(runtime, { rejectedBecause, declared });
    const fit = fitOf(runtime.surface?.(request.language), needs, demand); // It may have changed meanwhile.
    if (fit.rejectedBecause !== undefined) {
      return rejected(runtime, { rejectedBecause: fit.rejectedBecause, declared });
    }
    const selfTest = runtime.pendingSelfTest?.({ environment: request.language, minIsolation: floor, isPatient });
    if (assessment.assumesSelfTest === true && selfTest === undefined) {
      return isAgain
        ? rejected(runtime, { rejectedBecause: UNTESTED, declared })
        : await this.#judgeLoaded(runtime, demand, true);
    }
    const figures = this.profileOf(runtime).figures({
      language: request.language,
      path: assessment.startsCold === true ? "cold" : undefined,
      memoryOverheadMb: declared.memoryMb,
    });
    const inputs: ScoreInputs = figures === undefined ? declared : { ...declared, ...figures, source: "measured" };
    const candidate = {
      ...{ runtime: runtime.name, passed: true, score: STRATEGIES[request.preference](inputs) },
      ...(fit.lacks === undefined ? {} : { lacks: fit.lacks }),
      inputs,
    };
    return {
      ...(mustInstall === undefined ? {} : { mustInstall }),
      runtime,
      candidate,
      declared,
      grade: fit.grade,
      memoryMb,
      selfTest,
    };
  }

  #circuit({ name }: ExecutionRuntime): CircuitBreaker {
    const known = this.#circuits.get(name) ?? new CircuitBreaker(this.#now);
    this.#circuits.set(name, known);
    return known;
  }
}

/** Whether a runtime is tested and installed. */
function isReady({ mustInstall, selfTest }: Judged): boolean {
  return selfTest === undefined && mustInstall === undefined;
}

/** Whether a runtime can run the program while the best one is tested. */
async function isReadyInstead(
  rival: Judged | undefined,
  { best, language }: { readonly best: Judged; readonly language: string },
): Promise<boolean> {
  if (rival === undefined || (rival.grade !== best.grade && rival.grade !== "has_all")) return false;
  const { inputs: { startupMs } } = rival.candidate;
  if (startupMs > RIVAL_START_MS || rival.declared.isolationLevel < best.declared.isolationLevel) return false;
  return (await rival.runtime.isAvailable(language, { fetchesNothing: true })).available;
}

/** A demand, and the configuration of an environment for it. */
interface ConfiguredDemand extends Demand {
  readonly config: RuntimeConfig;
}

/** The configuration of an environment for a request. */
export function configOf(
  request: SelectionRequest & { readonly env?: Readonly<Record<string, string>> },
  minIsolation: number,
  { limitPolicy }: { readonly limitPolicy?: LimitPolicy | undefined } = {},
): RuntimeConfig {
  return {
    environment: request.language,
    environmentVariables: request.env ?? {},
    resourceLimits: resolveLimits(request.limits, limitPolicy),
    permissions: request.permissions,
    minIsolation,
  };
}
