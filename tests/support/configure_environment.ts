import { DEFAULT_LIMITS } from "../../src/core/limits.ts";
import { NO_PERMISSIONS } from "../../src/core/permissions/permissions.ts";
import type { RuntimeConfig } from "../../src/runtimes/port.ts";

/** What an environment is made from when a test does not care. */
export function configureEnvironment(environment: string, options: Partial<RuntimeConfig> = {}): RuntimeConfig {
  return {
    environment,
    environmentVariables: {},
    resourceLimits: DEFAULT_LIMITS,
    permissions: NO_PERMISSIONS,
    minIsolation: 0,
    ...options,
  };
}
