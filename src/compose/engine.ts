import { Quotas } from "../access/mod.ts";
import { SYSTEM_CLOCK } from "../concurrency/clock.ts";
import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import { Admission, Dispatcher, Engine, Executions, type Observer, ServiceStatus } from "../engine/mod.ts";
import { limitPolicyOf } from "../core/limits.ts";
import { NeedAnalyser } from "../needs/mod.ts";
import type { ExecutionRuntime } from "../runtimes/port.ts";
import { RuntimeSelector } from "../runtimes/selection/selector.ts";
import type { WarmPool } from "../runtimes/warm/warm_pool.ts";
import type { Storage } from "../storage/storage.ts";
import type { Ground } from "./ground.ts";
import { machineOf } from "./machine.ts";

/** How long the record of an execution waits, in ms. Most answers have gone by then, and few next requests have come. */
const RECORD_DELAY_MS = 10;

/** The parts that an engine is composed from. */
export interface EngineSources {
  readonly ground: Pick<Ground, "scratchDirectory">;
  readonly memory: MemoryBudget;
  readonly runtimes: readonly ExecutionRuntime[];
  /** The pool of warm environments; absent, every start is cold. */
  readonly pool?: WarmPool | undefined;
  readonly storage: Storage;
  readonly observer: Observer;
  /** Whether clients must bring a key. */
  hasKeys(): boolean;
}

/** An engine, and those of its parts that sessions share. Disposing ends everything that it runs. */
export interface EngineParts extends AsyncDisposable {
  readonly selector: RuntimeSelector;
  readonly admission: Admission;
  readonly dispatcher: Dispatcher;
  readonly executions: Executions;
  readonly engine: Engine;
  readonly needs: NeedAnalyser;
}

/** Builds an engine. */
export function composeEngine(config: Config, sources: EngineSources): EngineParts {
  const { ground, hasKeys, memory, observer, pool, runtimes, storage } = sources;
  const { drainMs, maxConcurrent, minIsolation } = config;
  const quotas = new Quotas({ usage: storage.usage, clock: SYSTEM_CLOCK });
  const admission = new Admission({ maxConcurrent, memory, quotas });
  const selector = new RuntimeSelector(runtimes, {
    minIsolation,
    maxMemoryMb: memory.totalMb,
    limitPolicy: limitPolicyOf(config),
  });
  const dispatcher = new Dispatcher({ selector, policy: config, observer });
  const executions = new Executions({
    store: storage.executions,
    observer,
    drainMs,
    recordDelayMs: RECORD_DELAY_MS,
    writeRecords: () => storage.flush(),
  });
  const machine = machineOf(config, { ...ground, memory, hasKeys });
  const poolOf = pool === undefined ? {} : { poolOf: (runtime: string) => pool.stateOf(runtime) };
  const status = new ServiceStatus({ selector, machine, ...poolOf });
  const needs = new NeedAnalyser();
  const engine = new Engine({ dispatcher, admission, executions, status, needs });
  return {
    ...{ selector, admission, dispatcher, executions, engine, needs },
    [Symbol.asyncDispose]: async () => {
      using _needs = needs;
      await engine[Symbol.asyncDispose]();
    },
  };
}
