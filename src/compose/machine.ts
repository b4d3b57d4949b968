import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import type { Machine } from "../engine/mod.ts";
import { machineMemoryMb } from "../host/machine_memory.ts";
import { checkMachine } from "../sandbox/machine_checks.ts";

interface MachineOptions {
  readonly scratchDirectory: string | undefined;
  readonly memory: MemoryBudget;
  hasKeys(): boolean;
}

/** The checks of the service's foundations beside its runtimes. */
export function machineOf(config: Config, { hasKeys, memory, scratchDirectory }: MachineOptions): Machine {
  return {
    get memory() {
      return { machineMb: machineMemoryMb(), budgetMb: memory.totalMb };
    },
    check: async () => {
      const detail = hasKeys()
        ? "every request must bring one"
        : "none: every user of this machine has access, on loopback";
      return [
        ...await checkMachine({ home: config.home, scratch: scratchDirectory }),
        { name: "keys", good: true, detail },
      ];
    },
  };
}
