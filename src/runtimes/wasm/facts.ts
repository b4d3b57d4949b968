import type { FactsHost, RuntimeFacts } from "../entry.ts";

/** The name on the wire. */
export const RUNTIME_NAME = "wasm";

/** The environment name of modules. */
export const MODULE = "wasm";

/** The facts of this runtime before it is loaded. */
export function wasmFacts(_host: FactsHost): RuntimeFacts {
  return {
    name: RUNTIME_NAME,
    type: "WebAssembly",
    supportedEnvironments: [MODULE],
    contextEnvironments: [],
    warmEnvironments: [MODULE],
    capabilities: {
      startupTimeMs: 70,
      memoryOverheadMB: 13,
      isolationLevel: 8,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: false,
      maxConcurrentExecutions: 100,
    },
    runsAnyCommandLine: false,
  };
}
