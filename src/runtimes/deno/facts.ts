import type { FactsHost, RuntimeFacts } from "../entry.ts";

/** The name on the wire. */
export const RUNTIME_NAME = "deno";

/** The environment names that it runs. */
export const SPOKEN: readonly string[] = ["typescript", "javascript", "deno"];

/** The facts before it is loaded; the figures are the original design's. */
export function denoFacts({ confinement }: Pick<FactsHost, "confinement">): RuntimeFacts {
  return {
    name: RUNTIME_NAME,
    type: "Deno",
    supportedEnvironments: SPOKEN,
    contextEnvironments: SPOKEN,
    warmEnvironments: SPOKEN,
    capabilities: {
      startupTimeMs: 80,
      memoryOverheadMB: 30,
      isolationLevel: 7,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: true,
      maxConcurrentExecutions: 100,
    },
    runsAnyCommandLine: confinement.canMount,
  };
}
