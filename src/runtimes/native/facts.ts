import type { FactsHost, RuntimeFacts } from "../entry.ts";
import type { LanguageRow } from "./languages/row.ts";
import { languagesOf, RUNTIME_NAME } from "./settings.ts";

/** The facts of this runtime before it is loaded. */
export function nativeFacts({ confinement, settings }: FactsHost): RuntimeFacts {
  const languages = languagesOf({ settings });
  const names = (has: (row: LanguageRow) => boolean) =>
    Object.entries(languages).flatMap(([name, row]) => has(row) ? [name] : []);
  return {
    name: RUNTIME_NAME,
    type: "NativeProcess",
    supportedEnvironments: Object.keys(languages),
    contextEnvironments: names(({ interpreter }) => interpreter !== undefined),
    warmEnvironments: confinement.canMount ? Object.keys(languages) : [],
    capabilities: {
      startupTimeMs: 60,
      memoryOverheadMB: 15,
      isolationLevel: 8,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: false,
      maxConcurrentExecutions: 100,
    },
    costs: Object.fromEntries(Object.entries(languages).map(([name, { costs = {} }]) => [name, costs])),
    runsAnyCommandLine: confinement.canMount,
  };
}
