import type { FactsHost, RuntimeFacts } from "../entry.ts";

/** The own facts of a runtime whose programs only the layers confine. */
export interface UncheckedFacts extends Omit<RuntimeFacts, "capabilities" | "runsAnyCommandLine"> {
  /** Time until a program may begin, in whole ms. */
  readonly startupTimeMs: number;
  /** Memory of an environment without that of its program, in whole MB. */
  readonly memoryOverheadMB: number;
}

/** The facts of a runtime whose programs only the layers of the operating system confine. */
export function uncheckedFacts(
  { memoryOverheadMB, startupTimeMs, ...facts }: UncheckedFacts,
  { confinement }: Pick<FactsHost, "confinement">,
): RuntimeFacts {
  return {
    ...facts,
    capabilities: {
      startupTimeMs,
      memoryOverheadMB,
      isolationLevel: 8,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: false,
      maxConcurrentExecutions: 100,
    },
    runsAnyCommandLine: confinement.separatesProcesses,
  };
}
