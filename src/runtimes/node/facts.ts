import { COMMON_SURFACE } from "../ecmascript/surface.ts";
import type { FactsHost, RuntimeFacts } from "../entry.ts";

/** The name on the wire. */
export const RUNTIME_NAME = "node";

/**
 * The environment names that it runs. TypeScript is none of them: Node strips types and keeps what is imported, so a type
 * that is imported without the word `type` ends the program.
 */
const SPOKEN: readonly string[] = ["node", "javascript"];

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
    surface: (environment) => environment === "javascript" ? COMMON_SURFACE : undefined,
    runsAnyCommandLine: confinement.canMount,
  };
}
