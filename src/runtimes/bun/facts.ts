import { isNeedOf, type Surface } from "../../core/needs.ts";
import { COMMON_SURFACE } from "../ecmascript/surface.ts";
import type { FactsHost, RuntimeFacts } from "../entry.ts";
import { uncheckedFacts } from "../process/unchecked_facts.ts";
import { RELEASE } from "./release.ts";

/** The environment names that it runs. */
const SPOKEN: readonly string[] = ["bun", "tsx", "jsx", "javascript", "typescript"];
/** Those of them that promise more than there is here. */
const SPOKEN_IN_PART: readonly string[] = ["javascript", "typescript"];

const SURFACE: Surface = {
  ...COMMON_SURFACE,
  has: (need) => isNeedOf(need, "Bun") || need.kind === "types" ? true : COMMON_SURFACE.has(need),
};

/** The facts before it is loaded. */
export function bunFacts(host: Pick<FactsHost, "confinement">): RuntimeFacts {
  return uncheckedFacts({
    name: RELEASE.binary,
    type: "Bun",
    supportedEnvironments: SPOKEN,
    contextEnvironments: SPOKEN,
    warmEnvironments: SPOKEN,
    startupTimeMs: 30,
    memoryOverheadMB: 30,
    surface: (environment) => SPOKEN_IN_PART.includes(environment) ? SURFACE : undefined,
  }, host);
}
