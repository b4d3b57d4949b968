import { COMMON_SURFACE } from "../ecmascript/surface.ts";
import type { FactsHost, RuntimeFacts } from "../entry.ts";
import { uncheckedFacts } from "../process/unchecked_facts.ts";
import { RELEASE } from "./release.ts";

/**
 * The environment names that it runs. TypeScript is none of them: Node strips types and keeps what is imported, so a type
 * that is imported without the word `type` ends the program.
 */
const SPOKEN: readonly string[] = ["node", "javascript"];

/** The facts before it is loaded. */
export function nodeFacts(host: Pick<FactsHost, "confinement">): RuntimeFacts {
  return uncheckedFacts({
    name: RELEASE.binary,
    type: "NodeJs",
    supportedEnvironments: SPOKEN,
    contextEnvironments: [],
    warmEnvironments: SPOKEN,
    startupTimeMs: 60,
    memoryOverheadMB: 45,
    surface: (environment) => environment === "javascript" ? COMMON_SURFACE : undefined,
  }, host);
}
