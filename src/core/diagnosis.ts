/** One layer of isolation on this machine. */
export interface LayerFinding {
  readonly name: string;
  readonly active: boolean;
  /** The effect of the layer or, when it is not active, why not. */
  readonly detail: string;
  /** How to activate the layer. */
  readonly remedy?: string;
}

/** The result of one canary of the self-test. */
export interface CanaryFinding {
  readonly name: string;
  /** The promise that it tests. */
  readonly promise: string;
  readonly kept: boolean;
  /** The observation that shows a broken promise. */
  readonly detail?: string;
}

/** The isolation of a runtime's programs, layer by layer. */
export interface Diagnosis {
  /** The isolation of a program without permissions, 0 (none) to 10. */
  readonly level: number;
  /** The strongest first. */
  readonly layers: readonly LayerFinding[];
  readonly canaries: readonly CanaryFinding[];
  /** The requirements of languages, beyond those of the runtime. */
  readonly languages?: readonly LanguageFinding[];
  /** The next reachable level, and how to reach it; absent on the highest. */
  readonly next?: { readonly level: number; readonly remedy: string };
}

/** A requirement of a language, and whether this machine meets it. */
export interface LanguageFinding {
  readonly name: string;
  readonly isHere: boolean;
  readonly detail: string;
}

/** A diagnosis with the name of its runtime. */
export interface RuntimeDiagnosis extends Diagnosis {
  readonly runtime: string;
  readonly available: boolean;
  /** Why the runtime is not available. */
  readonly reason?: string;
  /** What to install or to change to make the runtime available. */
  readonly remedy?: string;
}

/** The result of one check of the machine or of the service's settings. */
export interface CheckFinding {
  readonly name: string;
  /** Whether the check passed. */
  readonly good: boolean;
  readonly detail: string;
  /** How to make the check pass. */
  readonly remedy?: string;
}

/** The diagnosis of the whole service. */
export interface ServiceDiagnosis {
  /** The service's own isolation floor. */
  readonly floor: number;
  /** Whether an available runtime reaches the floor. */
  readonly floorReached: boolean;
  readonly memory: MemoryFinding;
  readonly checks: readonly CheckFinding[];
  readonly runtimes: readonly RuntimeDiagnosis[];
}

/** The machine's memory, and the budget of programs and workspaces, in MB. */
export interface MemoryFinding {
  readonly machineMb: number;
  readonly budgetMb: number;
}

/** Whether every canary passed and a runtime reaches the floor. */
export function isHealthy({ floorReached, runtimes }: ServiceDiagnosis): boolean {
  return floorReached && runtimes.every(({ canaries }) => canaries.every(({ kept }) => kept));
}
