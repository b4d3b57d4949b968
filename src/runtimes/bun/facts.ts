import { isNeedOf, type Need, type Surface } from "../../core/needs.ts";
import { COMMON_SURFACE } from "../ecmascript/surface.ts";
import type { FactsHost, RuntimeFacts } from "../entry.ts";
import { uncheckedFacts } from "../process/unchecked_facts.ts";
import { RELEASE } from "./release.ts";

/** The environment names that Bun runs. */
const ENVIRONMENT_NAMES: readonly string[] = ["bun", "tsx", "jsx", "javascript", "typescript"];
/** The environment names of which Bun has only a part. */
const NAMES_IN_PART: readonly string[] = ["javascript", "typescript"];

/** Imports that Bun resolves and other runtimes refuse. */
const IMPORTS: ReadonlySet<string> = new Set(["import by another name", "import of JSON without its type"]);

/** Features beside those that every runtime has. */
function hasMore(need: Need): boolean | undefined {
  if (isForeign(need)) return false;
  return isNeedOf(need, "Bun") || need.kind === "types" || IMPORTS.has(need.name) ? true : undefined;
}

function isForeign(need: Need): boolean {
  return isNeedOf(need, "Deno");
}

const SURFACE: Surface = {
  ...COMMON_SURFACE,
  has: (need) => hasMore(need) ?? COMMON_SURFACE.has(need),
  isOwn: (need) => isNeedOf(need, "Bun") && need.name !== "Bun", // `typeof Bun` only asks.
};

/** The surface of the languages that only Bun has. */
const OWN_SURFACE: Surface = { isWhole: true, has: hasMore, isForeign };

/** The facts of the runtime before it is loaded. */
export function bunFacts(host: Pick<FactsHost, "confinement">): RuntimeFacts {
  return uncheckedFacts({
    name: RELEASE.binary,
    type: "Bun",
    supportedEnvironments: ENVIRONMENT_NAMES,
    contextEnvironments: ENVIRONMENT_NAMES,
    warmEnvironments: ENVIRONMENT_NAMES,
    startupTimeMs: 30,
    memoryOverheadMB: 30,
    surface: (environment) => {
      if (environment === RELEASE.binary) return undefined;
      return NAMES_IN_PART.includes(environment) ? SURFACE : OWN_SURFACE;
    },
  }, host);
}
