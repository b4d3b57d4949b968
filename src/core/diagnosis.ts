/** One layer around programs, as this machine has it. */
export interface LayerFinding {
  readonly name: string;
  readonly active: boolean;
  /** What it does or, where it is not active, why not. */
  readonly detail: string;
  /** What to install or change to have it. */
  readonly remedy?: string;
}

/** What a hostile (or an honest) program came to that the self-test ran. */
export interface CanaryFinding {
  readonly name: string;
  /** What is promised of it. */
  readonly promise: string;
  readonly kept: boolean;
  /** What was seen where the promise was not kept. */
  readonly detail?: string;
}

/** What stands around the programs of a runtime, and what that is worth. */
export interface Diagnosis {
  /** The isolation of a program with nothing granted, 0 (none) to 10. */
  readonly level: number;
  /** The strongest first. */
  readonly layers: readonly LayerFinding[];
  readonly canaries: readonly CanaryFinding[];
  /** What each language needs beside the runtime itself, where it needs anything. */
  readonly languages?: readonly LanguageFinding[];
  /** The next level that this runtime can have, and what to install or change for it; absent where there is none. */
  readonly next?: { readonly level: number; readonly remedy: string };
}

/** What a language needs to be run, and whether it is here already. */
export interface LanguageFinding {
  readonly name: string;
  readonly isHere: boolean;
  readonly detail: string;
}

/** A diagnosis, and whose it is. */
export interface RuntimeDiagnosis extends Diagnosis {
  readonly runtime: string;
  readonly available: boolean;
  /** Why it is not available. */
  readonly reason?: string;
}

/** Something of the machine or of the service's settings that everything else rests on. */
export interface CheckFinding {
  readonly name: string;
  /** Whether it is as it should be. */
  readonly good: boolean;
  readonly detail: string;
  /** What to change where it is not. */
  readonly remedy?: string;
}

/** What a service rests on, and what it is worth. */
export interface ServiceDiagnosis {
  /** The service's own isolation floor. */
  readonly floor: number;
  /** Whether some runtime that is available reaches it. */
  readonly floorReached: boolean;
  readonly memory: MemoryFinding;
  readonly checks: readonly CheckFinding[];
  readonly runtimes: readonly RuntimeDiagnosis[];
}

/** Memory in MB: what the machine has, and what programs and workspaces may take of it together. */
export interface MemoryFinding {
  readonly machineMb: number;
  readonly budgetMb: number;
}

/** Whether everything that was tested keeps what is promised, and programs can be run at the floor. */
export function isHealthy({ floorReached, runtimes }: ServiceDiagnosis): boolean {
  return floorReached && runtimes.every(({ canaries }) => canaries.every(({ kept }) => kept));
}
