import { Quotas } from "../access/mod.ts";
import { SYSTEM_CLOCK } from "../concurrency/clock.ts";
import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import { Admission, Dispatcher, Engine, Executions, type Observer, ServiceStatus } from "../engine/mod.ts";
import type { Progress } from "../core/progress.ts";
import { log } from "../log.ts";
import { NeedAnalyser } from "../needs/mod.ts";
import type { ExecutionRuntime, RuntimeHost } from "../runtimes/port.ts";
import { createRuntimes } from "../runtimes/registry.ts";
import { SelfTestResults } from "../runtimes/self_test/self_test_results.ts";
import { RuntimeSelector } from "../runtimes/selection/selector.ts";
import type { WarmPool, WarmPoolOptions } from "../runtimes/warm/warm_pool.ts";
import type { Storage } from "../storage/storage.ts";
import type { Ground } from "./ground.ts";
import { machineOf } from "./machine.ts";

/** The runtimes of an engine; absent options mean what the project ships. */
export interface RuntimeOptions {
  readonly createRuntimes?: (host: RuntimeHost) => ExecutionRuntime[];
  /** Whether self-tests run again that have passed on this machine. */
  readonly rerunsSelfTests?: boolean;
  /** Shows downloads, which requests then wait for to their end. */
  readonly progress?: Progress;
}

/** The parts that an engine is composed from. */
export interface EngineSources extends RuntimeOptions {
  readonly ground: Ground;
  readonly memory: MemoryBudget;
  readonly storage: Storage;
  readonly observer: Observer;
  /** Ids of environments that an earlier process left and that may be attached again. */
  readonly recoverable?: ReadonlySet<string>;
  /** Opens the pool of warm environments; absent, nothing is warm. */
  openPool?(options: Pick<WarmPoolOptions, "isBusy">): WarmPool | undefined;
  /** Whether clients must bring a key. */
  hasKeys(): boolean;
}

/** An engine and the parts of it that sessions share. Disposing ends everything that it runs. */
export interface EngineParts extends AsyncDisposable {
  readonly pool: WarmPool | undefined;
  readonly runtimes: readonly ExecutionRuntime[];
  readonly selector: RuntimeSelector;
  readonly admission: Admission;
  readonly dispatcher: Dispatcher;
  readonly executions: Executions;
  readonly engine: Engine;
  readonly needs: NeedAnalyser;
}

/** Builds an engine. */
export async function composeEngine(config: Config, sources: EngineSources): Promise<EngineParts> {
  await using building = new AsyncDisposableStack();
  const { ground, hasKeys, memory, observer, storage } = sources;
  const { drainMs, maxConcurrent, minIsolation } = config;
  const quotas = new Quotas({ usage: storage.usage, clock: SYSTEM_CLOCK });
  const admission = new Admission({ maxConcurrent, memory, quotas });
  const runtimeStack = building.use(new AsyncDisposableStack()); // The pool goes before the runtimes of its members.
  const isBusy = () => admission.running >= navigator.hardwareConcurrency;
  const pool = building.use(sources.openPool?.({ isBusy }));
  const runtimes = (sources.createRuntimes ?? createRuntimes)(hostOf(config, { ...sources, pool }));
  for (const runtime of runtimes) runtimeStack.use(runtime);
  const selector = new RuntimeSelector(runtimes, { minIsolation });
  const dispatcher = new Dispatcher({ selector, policy: config, observer });
  const executions = new Executions({ store: storage.executions, observer, drainMs });
  const machine = machineOf(config, { ...ground, memory, hasKeys });
  const poolOf = pool === undefined ? {} : { poolOf: (runtime: string) => pool.stateOf(runtime) };
  const status = new ServiceStatus({ selector, machine, ...poolOf });
  const needs = new NeedAnalyser();
  const engine = building.use(new Engine({ dispatcher, admission, executions, status, needs }));
  const owned = building.move();
  return {
    ...{ pool, runtimes, selector, admission, dispatcher, executions, engine, needs },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The host that every runtime gets. */
function hostOf(
  config: Config,
  { ground, memory, pool, progress, recoverable = new Set(), rerunsSelfTests = false }:
    & EngineSources
    & Pick<EngineParts, "pool">,
): RuntimeHost {
  const { confinement, instance, scratchDirectory } = ground;
  const remembersSelfTests = instance !== undefined && !rerunsSelfTests;
  return {
    ...{ confinement, instance, scratchDirectory, memory, recoverable },
    ...(pool === undefined ? {} : { pool }),
    ...(progress === undefined ? {} : { progress }),
    home: instance === undefined ? undefined : config.home,
    selfTestResults: new SelfTestResults(remembersSelfTests ? config.home : undefined),
    openNetworks: config.openNetworks,
    searchPath: config.searchPath,
    settings: config.runtimes,
    log: {
      info: (message, facts) => log.info(message, facts),
      warning: (message, facts) => log.warning(message, facts),
    },
  };
}
