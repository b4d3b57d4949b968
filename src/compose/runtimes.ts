import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import type { Progress } from "../core/progress.ts";
import { log } from "../log.ts";
import type { ExecutionRuntime, RuntimeHost } from "../runtimes/port.ts";
import { createRuntimes } from "../runtimes/registry.ts";
import { SelfTestResults } from "../runtimes/self_test/self_test_results.ts";
import type { WarmPool } from "../runtimes/warm/warm_pool.ts";
import type { Ground } from "./ground.ts";

/** The runtimes of an engine; absent options mean the project's own. */
export interface RuntimeOptions {
  readonly createRuntimes?: (host: RuntimeHost) => ExecutionRuntime[];
  /** Whether self-tests that have passed on this machine run again. */
  readonly rerunsSelfTests?: boolean;
  /** Shows downloads. Requests then wait for a download to its end. */
  readonly progress?: Progress;
}

/** The parts that runtimes are composed from. */
export interface RuntimeSources extends RuntimeOptions {
  readonly ground: Ground;
  readonly memory: MemoryBudget;
  /** Ids of environments that an earlier process left and that may be reattached. */
  readonly recoverable?: ReadonlySet<string>;
  /** The warm pool; absent, every start is cold. */
  readonly pool?: WarmPool | undefined;
}

/** The runtimes of a process. Disposing ends their background work. */
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

/** Makes the host that every runtime gets. */
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
    autoPrepare: config.autoPrepare,
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
