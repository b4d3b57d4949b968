import { isNeedOf, type Surface } from "../../core/needs.ts";
import type { FactsHost, RuntimeFacts } from "../entry.ts";
import type { EnvironmentSpec } from "./images/environments.ts";
import { RUNTIME_NAME, settingsOf } from "./settings.ts";

/** The facts of the runtime before it is loaded. The figures are the original design's. */
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
    surface: (environment) => surfaceOf(environments[environment]),
    runsAnyCommandLine: true,
  };
}

/**
 * The surface of an environment's image. It may have more than its language promises, and lacks only the globals that
 * the environment names.
 */
function surfaceOf(environment: EnvironmentSpec | undefined): Surface | undefined {
  const lacks = environment?.lacks;
  if (lacks === undefined) return undefined;
  return { isWhole: true, has: (need) => lacks.some((global) => isNeedOf(need, global)) ? false : undefined };
}
