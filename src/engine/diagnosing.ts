import type { CheckFinding, MemoryFinding, ServiceDiagnosis } from "../core/diagnosis.ts";
import type { Placement } from "./placement.ts";

/** What a service rests on beside its runtimes. */
export interface Machine {
  readonly memory: MemoryFinding;
  check(): Promise<CheckFinding[]>;
}

/** What a service rests on, and what it is worth. */
export async function diagnoseService(placement: Placement, machine: Machine): Promise<ServiceDiagnosis> {
  const [diagnosed, checks] = await Promise.all([placement.diagnose(), machine.check()]);
  return {
    floor: placement.floor,
    floorReached: diagnosed.some(({ reachesFloor }) => reachesFloor),
    memory: machine.memory,
    checks,
    runtimes: diagnosed.map(({ diagnosis }) => diagnosis),
  };
}
