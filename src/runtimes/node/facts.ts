import { COMMON_SURFACE } from "../ecmascript/surface.ts";
import type { FactsHost, RuntimeFacts } from "../entry.ts";
import { uncheckedFacts } from "../process/unchecked_facts.ts";
import { RELEASE } from "./release.ts";

/** The environment name of programs whose types Node strips. */
export const TYPESCRIPT = "typescript";

/** The environment names that Node runs. */
const ENVIRONMENT_NAMES: readonly string[] = [RELEASE.binary, "javascript", TYPESCRIPT];

/** The facts of the runtime before it is loaded. */
export function nodeFacts(host: Pick<FactsHost, "confinement">): RuntimeFacts {
  return uncheckedFacts({
    name: RELEASE.binary,
    type: "NodeJs",
    supportedEnvironments: ENVIRONMENT_NAMES,
    contextEnvironments: ENVIRONMENT_NAMES,
    warmEnvironments: ENVIRONMENT_NAMES,
    startupTimeMs: 60,
    memoryOverheadMB: 45,
    costs: { [TYPESCRIPT]: { startupTimeMs: 100, memoryOverheadMB: 70 } },
    surface: (environment) => environment === RELEASE.binary ? undefined : COMMON_SURFACE,
  }, host);
}
