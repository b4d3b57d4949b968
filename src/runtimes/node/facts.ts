import type { FactsHost, RuntimeFacts } from "../entry.ts";

/** The name on the wire. */
export const RUNTIME_NAME = "node";

/** The environment names that it runs. */
const SPOKEN: readonly string[] = ["node"];

/** The facts before it is loaded. */
export function nodeFacts({ confinement }: Pick<FactsHost, "confinement">): RuntimeFacts {
  return {
    name: RUNTIME_NAME,
    type: "NodeJs",
    supportedEnvironments: SPOKEN,
    contextEnvironments: [],
    warmEnvironments: SPOKEN,
    capabilities: {
      startupTimeMs: 60,
      memoryOverheadMB: 45,
      isolationLevel: 8,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: false,
      maxConcurrentExecutions: 100,
    },
    runsAnyCommandLine: confinement.canMount,
  };
}
