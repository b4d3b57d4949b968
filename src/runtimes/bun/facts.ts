import type { FactsHost, RuntimeFacts } from "../entry.ts";

/** The name on the wire. */
export const RUNTIME_NAME = "bun";

/** The environment names that it runs. */
const SPOKEN: readonly string[] = ["bun", "tsx", "jsx"];

/** The facts before it is loaded. */
export function bunFacts({ confinement }: Pick<FactsHost, "confinement">): RuntimeFacts {
  return {
    name: RUNTIME_NAME,
    type: "Bun",
    supportedEnvironments: SPOKEN,
    contextEnvironments: [],
    warmEnvironments: SPOKEN,
    capabilities: {
      startupTimeMs: 30,
      memoryOverheadMB: 30,
      isolationLevel: 8,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: false,
      maxConcurrentExecutions: 100,
    },
    runsAnyCommandLine: confinement.canMount,
  };
}
