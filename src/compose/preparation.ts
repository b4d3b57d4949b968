import type { Clock } from "../concurrency/clock.ts";
import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import { StartProbe } from "../engine/mod.ts";
import { giveBackMemory } from "../host/free_memory.ts";
import { log } from "../log.ts";
import { WarmPool, type WarmPoolOptions } from "../runtimes/warm/warm_pool.ts";
import type { EngineParts } from "./engine.ts";

/** The pool of warm environments; undefined where the operator wants none. */
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

/** Begins the work that a service does before it is asked: measuring, giving back memory. Disposing ends it. */
export function prepareAhead(
  config: Config,
  { admission, clock, memory, selector }:
    & Pick<EngineParts, "admission" | "selector">
    & { readonly clock: Clock; readonly memory: MemoryBudget },
): AsyncDisposable {
  const begun = new AsyncDisposableStack();
  begun.use(giveBackMemory(clock));
  if (config.probe) {
    const isBusy = () => !admission.isOpen || admission.running > 0;
    begun.use(new StartProbe({ selector, memory, isBusy })).begin();
  }
  return begun;
}
