import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import { log } from "../log.ts";
import { WarmPool, type WarmPoolOptions } from "../runtimes/warm/warm_pool.ts";

/** Opens the pool of warm environments; undefined where the operator wants none. */
export function openPool(
  { warmIdleMs, warmMax }: Config,
  { memory, ...options }: Pick<WarmPoolOptions, "clock" | "isBusy"> & { readonly memory: MemoryBudget },
): WarmPool | undefined {
  if (warmMax === 0) return undefined;
  return new WarmPool({
    ...options,
    max: warmMax,
    idleMs: warmIdleMs,
    lendMemory: (memoryMb) => memory.forWarm(memoryMb),
    onFailure: (event, { error, owner }) => log.warning(`warm_pool.${event}`, { runtime: owner, error }),
  });
}
