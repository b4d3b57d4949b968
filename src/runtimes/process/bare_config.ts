import { DEFAULT_LIMITS, type Limits } from "../../core/limits.ts";
import { NO_PERMISSIONS } from "../../core/permissions/permissions.ts";
import type { RuntimeConfig } from "../port.ts";

/** The configuration of an environment for one program without permissions and variables. */
export function bareConfig(environment: string, resourceLimits: Limits = DEFAULT_LIMITS): RuntimeConfig {
  return {
    environment,
    environmentVariables: {},
    resourceLimits,
    permissions: NO_PERMISSIONS,
    minIsolation: 0,
    singleUse: true,
  };
}
