import type { FactsHost, RuntimeFacts } from "../entry.ts";
import { RUNTIME_NAME, settingsOf } from "./settings.ts";
import { COMPUTING_SURFACE } from "./surface.ts";

/** ECMAScript and Web APIs, without files, network and processes. */
export const WEB = "web";

/** The environment names. Programs in JavaScript and TypeScript run here where they need no more than `web` has. */
const ENVIRONMENT_NAMES: readonly string[] = [WEB, "javascript", "typescript"];

/** Memory of a process without that of a program, in MB. Most of its mapped memory is the binary, and shared. */
export const PROCESS_MEMORY_MB = 32;

/** The facts of the runtime before it is loaded. */
export function isolateFacts(host: Pick<FactsHost, "settings">): RuntimeFacts {
  const { isolateJitless, isolateReuse } = settingsOf(host);
  const names = isolateJitless ? [WEB] : ENVIRONMENT_NAMES; // Without machine code, other runtimes run the others faster.
  return {
    name: RUNTIME_NAME,
    type: "V8Isolate",
    supportedEnvironments: names,
    contextEnvironments: [WEB],
    warmEnvironments: names,
    capabilities: {
      startupTimeMs: 2,
      memoryOverheadMB: PROCESS_MEMORY_MB,
      isolationLevel: isolateReuse ? 7 : 8,
      supportsFilesystemPersistence: false,
      supportsNetworkAccess: false,
      maxConcurrentExecutions: 100,
    },
    surface: (environment) => environment === WEB ? undefined : COMPUTING_SURFACE,
    runsAnyCommandLine: false,
  };
}
