import { isNeedOf, type Surface } from "../../core/needs.ts";
import type { FactsHost, RuntimeFacts } from "../entry.ts";

/** The name on the wire. */
export const RUNTIME_NAME = "deno";

/** The environment names that it runs. */
export const SPOKEN: readonly string[] = ["typescript", "javascript", "deno"];

/** Everything that its languages promise; what needs the network or an installer depends on the request. */
const SURFACE: Surface = {
  isWhole: true,
  has: (need) => {
    if (isNeedOf(need, "Bun")) return false;
    return need.kind === "global" || need.kind === "builtin" ? true : undefined;
  },
};

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
    surface: (environment) => SPOKEN.includes(environment) ? SURFACE : undefined,
    runsAnyCommandLine: confinement.separatesProcesses,
  };
}
