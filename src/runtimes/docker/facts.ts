import type { FactsHost, RuntimeFacts } from "../entry.ts";
import { RUNTIME_NAME, settingsOf } from "./settings.ts";

/** The facts before it is loaded; the figures are the original design's. */
export function dockerFacts(host: Pick<FactsHost, "settings">): RuntimeFacts {
  const { environments } = settingsOf(host);
  const names = Object.keys(environments);
  return {
    name: RUNTIME_NAME,
    type: "Docker",
    supportedEnvironments: names,
    contextEnvironments: names.filter((name) => environments[name]?.interpreter !== undefined),
    warmEnvironments: names, // A launcher waits where no interpreter can.
    capabilities: {
      startupTimeMs: 2_000,
      memoryOverheadMB: 250,
      isolationLevel: 9,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: true,
      maxConcurrentExecutions: 50,
    },
    runsAnyCommandLine: true,
  };
}
