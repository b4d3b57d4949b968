import type { CheckFinding, MemoryFinding, RuntimeDiagnosis, ServiceDiagnosis } from "../core/diagnosis.ts";
import {
  describeRuntime,
  plainConfig,
  type RuntimeDescription,
  toAvailability,
} from "../runtimes/selection/description.ts";
import { describeLanguages, type LanguageDescription } from "../runtimes/selection/language_description.ts";
import type { ExecutionRuntime } from "../runtimes/port.ts";
import type { RuntimeSelector } from "../runtimes/selection/selector.ts";
import { settledWithin } from "../concurrency/delay.ts";
import type { PoolState } from "../runtimes/warm/warm_pool.ts";
import type { RuntimeReadiness } from "./port.ts";

/** Time for the other runtimes to answer once one is available. */
const GRACE_MS = 20;

/** The machine that the service runs on. */
export interface Machine {
  readonly memory: MemoryFinding;
  check(): Promise<CheckFinding[]>;
}

/** The parts of a service status. */
export interface ServiceStatusOptions {
  readonly selector: RuntimeSelector;
  readonly machine: Machine;
  /** The state of a runtime's warm pool; absent when there is no pool. */
  readonly poolOf?: (runtime: string) => PoolState;
}

/** Reports the state of the runtimes and of the machine. */
export class ServiceStatus {
  readonly #selector: RuntimeSelector;
  readonly #machine: Machine;
  readonly #poolOf: ServiceStatusOptions["poolOf"];
  /** The last answer of each runtime. It stands for an answer that is not awaited. */
  readonly #last = new Map<string, RuntimeReadiness>();

  constructor({ selector, machine, poolOf }: ServiceStatusOptions) {
    this.#selector = selector;
    this.#machine = machine;
    this.#poolOf = poolOf;
  }

  async describeRuntimes(): Promise<RuntimeDescription[]> {
    const descriptions = await Promise.all(this.#selector.runtimes.map((runtime) =>
      describeRuntime(runtime, {
        profile: this.#selector.profileOf(runtime),
        pool: this.#poolOf?.(runtime.name),
        whyUnavailable: (...asked) => this.#selector.whyUnavailable(runtime, ...asked),
      })
    ));
    for (const { available, name, reason, remedy } of descriptions) {
      const obstacle = { ...(reason === undefined ? {} : { reason }), ...(remedy === undefined ? {} : { remedy }) };
      this.#last.set(name, { name, available, ...obstacle });
    }
    return descriptions;
  }

  async describeLanguages(): Promise<LanguageDescription[]> {
    return describeLanguages(await this.describeRuntimes());
  }

  /**
   * Reports for every runtime whether it can be used now. Once one can, the last answers stand for slow ones, and no
   * runtime is loaded to answer.
   */
  async readiness(): Promise<RuntimeReadiness[]> {
    const { runtimes } = this.#selector;
    const unloaded = runtimes.filter(({ isLoaded }) => isLoaded === false);
    const canRun = await this.#ask(runtimes.filter((runtime) => !unloaded.includes(runtime)));
    if (!canRun) await this.#ask(unloaded);
    return runtimes.map(({ isLoaded = true, name }) =>
      this.#last.get(name) ??
        { name, available: false, reason: isLoaded ? "its self-test is not over yet" : "it is not loaded yet" }
    );
  }

  /** Asks runtimes whether they can be used now. Returns whether one can, without waiting long for others then. */
  async #ask(runtimes: readonly ExecutionRuntime[]): Promise<boolean> {
    const firstAvailable = Promise.withResolvers<boolean>();
    const all = Promise.all(runtimes.map(async (runtime) => {
      const { name } = runtime;
      const availability = toAvailability(await this.#selector.whyUnavailable(runtime));
      this.#last.set(name, { name, ...availability });
      if (availability.available) firstAvailable.resolve(true);
    }));
    const canRun = await Promise.race([firstAvailable.promise, all.then(() => false)]);
    if (canRun) await settledWithin(all, GRACE_MS);
    return canRun;
  }

  /** Diagnoses every runtime and the machine. It waits for running self-tests. */
  async diagnose(): Promise<ServiceDiagnosis> {
    const { minIsolation, runtimes } = this.#selector;
    const [diagnosed, checks] = await Promise.all([
      Promise.all(runtimes.map((runtime) => this.#diagnoseRuntime(runtime))),
      this.#machine.check(),
    ]);
    return {
      floor: minIsolation,
      floorReached: diagnosed.some(({ reachesFloor }) => reachesFloor),
      memory: this.#machine.memory,
      checks,
      runtimes: diagnosed.map(({ diagnosis }) => diagnosis),
    };
  }

  /** Diagnoses a runtime, and whether a request without permissions reaches the floor on it. */
  async #diagnoseRuntime(
    runtime: ExecutionRuntime,
  ): Promise<{ readonly diagnosis: RuntimeDiagnosis; readonly reachesFloor: boolean }> {
    const { minIsolation } = this.#selector;
    const found = await runtime.diagnose();
    const obstacle = await this.#selector.whyUnavailable(runtime);
    const { isolation } = await runtime.assess(plainConfig(runtime, minIsolation));
    return {
      diagnosis: { runtime: runtime.name, ...toAvailability(obstacle), ...found },
      reachesFloor: obstacle === undefined && isolation.level >= minIsolation,
    };
  }
}
