import { isNeedOf, type Surface } from "../../core/needs.ts";
import type { FactsHost, RuntimeFacts } from "../entry.ts";

/** The runtime's name on the wire. */
export const RUNTIME_NAME = "deno";

/** The environment names that Deno runs. */
export const ENVIRONMENT_NAMES: readonly string[] = ["typescript", "javascript", "deno"];

/** The whole surface of Deno's languages. Features that need the network or an installer depend on the request. */
const SURFACE: Surface = {
  isWhole: true,
  has: (need) => {
    if (isNeedOf(need, "Bun")) return false;
    return need.kind === "global" || need.kind === "builtin" ? true : undefined;
  },
};

/** The facts of the runtime before it is loaded. The figures are the original design's. */
export function denoFacts({ confinement }: Pick<FactsHost, "confinement">): RuntimeFacts {
  return {
    name: RUNTIME_NAME,
    type: "Deno",
    supportedEnvironments: ENVIRONMENT_NAMES,
    contextEnvironments: ENVIRONMENT_NAMES,
    warmEnvironments: ENVIRONMENT_NAMES,
    capabilities: {
      startupTimeMs: 80,
      memoryOverheadMB: 30,
      isolationLevel: 7,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: true,
      maxConcurrentExecutions: 100,
    },
    surface: (environment) => ENVIRONMENT_NAMES.includes(environment) ? SURFACE : undefined,
    runsAnyCommandLine: confinement.separatesProcesses,
  };
}
