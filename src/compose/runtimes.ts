import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import type { Progress } from "../core/progress.ts";
import { log } from "../log.ts";
import type { ExecutionRuntime, RuntimeHost } from "../runtimes/port.ts";
import { createRuntimes } from "../runtimes/registry.ts";
import { SelfTestResults } from "../runtimes/self_test/self_test_results.ts";
import type { WarmPool } from "../runtimes/warm/warm_pool.ts";
import type { Ground } from "./ground.ts";

/** The runtimes of an engine; absent options mean what the project ships. */
export interface RuntimeOptions {
  readonly createRuntimes?: (host: RuntimeHost) => ExecutionRuntime[];
  /** Whether self-tests run again that have passed on this machine. */
  readonly rerunsSelfTests?: boolean;
  /** Shows downloads, which requests then wait for to their end. */
  readonly progress?: Progress;
}

/** What runtimes are composed from. */
export interface RuntimeSources extends RuntimeOptions {
  readonly ground: Ground;
  readonly memory: MemoryBudget;
  /** Ids of environments that an earlier process left and that may be attached again. */
  readonly recoverable?: ReadonlySet<string>;
  /** Absent, nothing is warm. */
  readonly pool?: WarmPool | undefined;
}

/** Runtimes. Disposing ends what they do by themselves. */
export interface Runtimes extends AsyncDisposable {
  readonly runtimes: readonly ExecutionRuntime[];
}

/** Creates the runtimes of one process. */
export function composeRuntimes(config: Config, sources: RuntimeSources): Runtimes {
  const runtimes = (sources.createRuntimes ?? createRuntimes)(hostOf(config, sources));
  const owned = new AsyncDisposableStack();
  for (const runtime of runtimes) owned.use(runtime);
  return { runtimes, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The host that every runtime gets. */
function hostOf(
  config: Config,
  { ground, memory, pool, progress, recoverable = new Set(), rerunsSelfTests = false }: RuntimeSources,
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
