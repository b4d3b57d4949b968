import { canonicalLanguage } from "../../core/languages.ts";
import type { RuntimeFacts, RuntimeHost } from "../port.ts";

/** The runtime's name. */
export const RUNTIME_NAME = "docker";

/** The environment names that need no configuration, in the order in which they are listed. */
const BUILT_IN = ["python", "javascript", "typescript", "node", "bash", "go", "csharp"];

/** What is known of this runtime before it is loaded; the figures are the original design's. */
export function dockerFacts({ settings }: Pick<RuntimeHost, "settings">): RuntimeFacts {
  return {
    name: RUNTIME_NAME,
    type: "Docker",
    supportedEnvironments: [...new Set([...BUILT_IN, ...configuredNames(settings[RUNTIME_NAME])])],
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

/** The names that the settings map; whether what they map to makes sense is found when the runtime is loaded. */
function configuredNames(settings: unknown): string[] {
  if (typeof settings !== "object" || settings === null || !("environments" in settings)) return [];
  return Object.keys(settings.environments ?? {}).map(canonicalLanguage);
}
