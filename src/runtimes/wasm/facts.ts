import type { DeclaredCosts } from "../../core/capabilities.ts";
import type { RuntimeFacts } from "../entry.ts";

/** The runtime's name on the wire. */
export const RUNTIME_NAME = "wasm";

/** The environment name of modules. */
export const MODULE = "wasm";

/** The costs of languages whose parts come from npm, by environment name. languages/mod.ts has the same names. */
const COSTS: Readonly<Record<string, DeclaredCosts>> = {
  python: { startupTimeMs: 300, memoryOverheadMB: 80 },
  ruby: { startupTimeMs: 250, memoryOverheadMB: 60 },
  prolog: { startupTimeMs: 250, memoryOverheadMB: 30 },
  c: { startupTimeMs: 1_300, memoryOverheadMB: 190 },
  php: { startupTimeMs: 400, memoryOverheadMB: 110 },
};

/** The languages whose parts come from npm. */
export const ADDED_LANGUAGES: readonly string[] = Object.keys(COSTS);

/** The languages that have contexts. languages/mod.ts has their modules. */
const CONTEXT_LANGUAGES: readonly string[] = ["python"];

const ENVIRONMENT_NAMES: readonly string[] = [MODULE, ...ADDED_LANGUAGES];

/** The facts of this runtime before it is loaded. */
export function wasmFacts(): RuntimeFacts {
  return {
    name: RUNTIME_NAME,
    type: "WebAssembly",
    supportedEnvironments: ENVIRONMENT_NAMES,
    contextEnvironments: CONTEXT_LANGUAGES,
    warmEnvironments: ENVIRONMENT_NAMES,
    capabilities: {
      startupTimeMs: 70,
      memoryOverheadMB: 16,
      isolationLevel: 8,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: false,
      maxConcurrentExecutions: 100,
    },
    costs: COSTS,
    runsAnyCommandLine: false,
  };
}
