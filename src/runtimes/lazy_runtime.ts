import {
  type Availability,
  capabilitiesIn,
  type Obstacle,
  type RuntimeCapabilities,
  type RuntimeType,
} from "../core/capabilities.ts";
import { messageOf, runtimeUnavailable } from "../core/errors.ts";
import type { Diagnosis } from "../core/diagnosis.ts";
import type { Needs, Surface } from "../core/needs.ts";
import type {
  Assessment,
  AvailabilityOptions,
  ExecutionEnvironment,
  ExecutionRuntime,
  LoadedRuntime,
  RuntimeConfig,
  RuntimeLog,
  SelfTestDemand,
} from "./port.ts";
import type { RuntimeFacts } from "./entry.ts";

const SHUTTING_DOWN = "the service is shutting down";

/**
 * A runtime whose code is loaded at the first question beyond its facts. One whose code cannot be loaded is unavailable,
 * and the next question tries again. After its disposal it loads nothing and answers no question: the files behind an
 * answer are being removed.
 */
export class LazyRuntime implements ExecutionRuntime {
  readonly name: string;
  readonly type: RuntimeType;
  readonly supportedEnvironments: readonly string[];
  readonly contextEnvironments: readonly string[];
  readonly #facts: Pick<RuntimeFacts, "capabilities" | "costs" | "surface">;
  readonly #load: () => Promise<LoadedRuntime>;
  readonly #log: Pick<RuntimeLog, "warning"> | undefined;
  #obstacle: Obstacle | undefined;
  #loaded: Promise<LoadedRuntime> | undefined;
  #known: LoadedRuntime | undefined;
  #hasSettled = false;
  #isDisposed = false;

  /** @param options.log is told why the code cannot be loaded, each reason once */
  constructor(
    facts: RuntimeFacts,
    load: () => Promise<LoadedRuntime>,
    options: { readonly log?: Pick<RuntimeLog, "warning"> } = {},
  ) {
    this.name = facts.name;
    this.type = facts.type;
    this.supportedEnvironments = facts.supportedEnvironments;
    this.contextEnvironments = facts.contextEnvironments;
    this.#facts = facts;
    this.#load = load;
    this.#log = options.log;
  }

  get isLoaded(): boolean {
    return this.#hasSettled;
  }

  getCapabilities(environment?: string): RuntimeCapabilities {
    return capabilitiesIn(this.#facts, environment);
  }

  async isAvailable(environment?: string, options?: AvailabilityOptions): Promise<Availability> {
    if (this.#isDisposed) return { available: false, reason: SHUTTING_DOWN };
    const obstacle = await this.#whyNotLoaded();
    if (obstacle !== undefined) return { available: false, ...obstacle };
    return await (await this.#runtime()).isAvailable(environment, options);
  }

  pendingSelfTest(demand: SelfTestDemand): (() => Promise<void>) | undefined {
    return this.#known?.pendingSelfTest?.(demand);
  }

  /** The surface of a language, without loading the runtime's code. */
  surface(environment: string): Surface | undefined {
    return this.#facts.surface?.(environment) ?? this.#known?.surface?.(environment);
  }

  revision(environment: string): number | undefined {
    return this.#isDisposed ? undefined : this.#known?.revision?.(environment);
  }

  learnSurface(environment: string, needs: Needs): Promise<void> | undefined {
    return this.#known?.learnSurface?.(environment, needs);
  }

  async diagnose(): Promise<Diagnosis> {
    if (!this.#isDisposed && await this.#whyNotLoaded() !== undefined) return { level: 0, layers: [], canaries: [] };
    return await (await this.#runtime()).diagnose();
  }

  async assess(config: RuntimeConfig, options?: AvailabilityOptions): Promise<Assessment> {
    const obstacle = this.#isDisposed ? undefined : await this.#whyNotLoaded();
    if (obstacle === undefined) return await (await this.#runtime()).assess(config, options);
    return { isolation: { level: 0, layers: [], limits: [] }, cannotHonour: obstacle.reason };
  }

  async createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment> {
    return await (await this.#runtime()).createEnvironment(config);
  }

  async reattachEnvironment(id: string, config: RuntimeConfig): Promise<ExecutionEnvironment | undefined> {
    return await (await this.#runtime()).reattachEnvironment?.(id, config);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const loaded = await this.#loaded?.catch(() => undefined); // The caller that loaded it got the error.
    await loaded?.[Symbol.asyncDispose]();
  }

  async #whyNotLoaded(): Promise<Obstacle | undefined> {
    return await this.#runtime().then(() => undefined, () => this.#obstacle);
  }

  #runtime(): Promise<LoadedRuntime> {
    if (this.#isDisposed) return Promise.reject(runtimeUnavailable({ reason: SHUTTING_DOWN }));
    return this.#loaded ??= this.#load().then((runtime) => this.#known = runtime, (error) => {
      this.#loaded = undefined; // The next caller tries again.
      const obstacle = obstacleOf(error);
      if (obstacle.reason !== this.#obstacle?.reason) {
        this.#log?.warning("runtime.load_failed", { runtime: this.name, ...obstacle });
      }
      this.#obstacle = obstacle;
      throw runtimeUnavailable(obstacle, error);
    }).finally(() => this.#hasSettled = true);
  }
}

function obstacleOf(error: unknown): Obstacle {
  return { reason: `its code cannot be loaded: ${messageOf(error)}`, remedy: "install CodeBeaker again" };
}
