import { isNeedOf, type Surface } from "../../core/needs.ts";
import { COMMON_SURFACE } from "../ecmascript/surface.ts";
import type { FactsHost, RuntimeFacts } from "../entry.ts";

/** The name on the wire. */
export const RUNTIME_NAME = "bun";

/** The environment names that it runs. */
const SPOKEN: readonly string[] = ["bun", "tsx", "jsx", "javascript", "typescript"];
/** Those of them that promise more than there is here. */
const SPOKEN_IN_PART: readonly string[] = ["javascript", "typescript"];

const SURFACE: Surface = {
  ...COMMON_SURFACE,
  has: (need) => isNeedOf(need, "Bun") ? true : COMMON_SURFACE.has(need),
};

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
    surface: (environment) => SPOKEN_IN_PART.includes(environment) ? SURFACE : undefined,
    runsAnyCommandLine: confinement.canMount,
  };
}
