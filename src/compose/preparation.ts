import type { Clock } from "../concurrency/clock.ts";
import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import { StartProbe } from "../engine/mod.ts";
import { giveBackMemory } from "../host/free_memory.ts";
import type { EngineParts } from "./engine.ts";
import { QUIET_MS } from "./startup_probes.ts";

/** Begins the service's work before its first request: measuring, and releasing memory. Disposing ends it. */
export function prepareAhead(
  config: Config,
  { admission, clock, memory, selector }:
    & Pick<EngineParts, "admission" | "selector">
    & { readonly clock: Clock; readonly memory: MemoryBudget },
): AsyncDisposable {
  const begun = new AsyncDisposableStack();
  begun.use(giveBackMemory(clock));
  if (config.probe) {
    const isBusy = () => !admission.isOpen || admission.idleMs < QUIET_MS;
    begun.use(new StartProbe({ selector, memory, isBusy })).begin();
  }
  return begun;
}
