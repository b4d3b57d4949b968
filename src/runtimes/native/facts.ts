import type { FactsHost, RuntimeFacts } from "../entry.ts";
import { languagesOf, RUNTIME_NAME } from "./settings.ts";

/** The facts before it is loaded. */
export function nativeFacts({ confinement, settings }: FactsHost): RuntimeFacts {
  return {
    name: RUNTIME_NAME,
    type: "NativeProcess",
    supportedEnvironments: Object.keys(languagesOf({ settings })),
    contextEnvironments: [],
    warmEnvironments: [],
    capabilities: {
      startupTimeMs: 60,
      memoryOverheadMB: 15,
      isolationLevel: 8,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: false,
      maxConcurrentExecutions: 100,
    },
    runsAnyCommandLine: confinement.canMount,
  };
}
