import type { RuntimeFacts, RuntimeHost } from "../port.ts";

/** The name on the wire. */
export const RUNTIME_NAME = "deno";

const FACTS = {
  name: RUNTIME_NAME,
  type: "Deno",
  supportedEnvironments: ["typescript", "javascript", "deno"] as readonly string[],
  capabilities: {
    startupTimeMs: 80,
    memoryOverheadMB: 30,
    isolationLevel: 7,
    supportsFilesystemPersistence: true,
    supportsNetworkAccess: true,
    maxConcurrentExecutions: 100,
  },
} as const satisfies Omit<RuntimeFacts, "runsAnyCommandLine">;

/** The environment names whose whole surface it offers. */
export const SPOKEN = FACTS.supportedEnvironments;

/** What is known of this runtime before it is loaded; the figures are the original design's. */
export function denoFacts({ confinement }: Pick<RuntimeHost, "confinement">): RuntimeFacts {
  return { ...FACTS, runsAnyCommandLine: confinement.canMount };
}
