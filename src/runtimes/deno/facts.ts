import type { RuntimeFacts } from "../runtime.ts";

/** What is known of this runtime before it is loaded; the figures are the original design's. */
export const DENO_FACTS: RuntimeFacts = {
  name: "deno",
  type: "Deno",
  supportedEnvironments: ["typescript", "javascript", "deno"],
  capabilities: {
    startupTimeMs: 80,
    memoryOverheadMB: 30,
    isolationLevel: 7,
    supportsFilesystemPersistence: true,
    supportsNetworkAccess: true,
    maxConcurrentExecutions: 100,
  },
  runsAnyCommandLine: false,
};
