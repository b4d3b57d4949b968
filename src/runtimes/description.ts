import type { Availability, RuntimeCapabilities, RuntimeType } from "../core/capabilities.ts";
import { DEFAULT_LIMITS } from "../core/limits.ts";
import { NO_PERMISSIONS } from "../core/permissions.ts";
import type { Rejection } from "../core/selection.ts";
import type { Measured, RuntimeProfile } from "./profile.ts";
import type { ExecutionRuntime, Isolation } from "./runtime.ts";

/** A runtime as `GET /v1/runtimes` shows it. */
export interface RuntimeDescription {
  readonly name: string;
  readonly type: RuntimeType;
  readonly environments: readonly { readonly name: string; readonly available: boolean; readonly reason?: string }[];
  readonly available: boolean;
  readonly reason?: string;
  readonly capabilities: RuntimeCapabilities;
  readonly measured: Measured;
  readonly isolation: Isolation;
}

/** What a description is made from beside the runtime itself. */
export interface DescribeOptions {
  readonly profile: RuntimeProfile;
  /** Why the runtime, or one environment name on it, cannot be used now. */
  whyUnavailable(environment?: string): Promise<Rejection | undefined>;
}

/** What a runtime is now: declared, measured, and isolated as an environment with nothing granted would be. */
export async function describeRuntime(
  runtime: ExecutionRuntime,
  { profile, whyUnavailable }: DescribeOptions,
): Promise<RuntimeDescription> {
  const availability = toAvailability(await whyUnavailable());
  const environments = await Promise.all(
    runtime.supportedEnvironments.map(async (name) => ({ name, ...toAvailability(await whyUnavailable(name)) })),
  );
  const { isolation } = await runtime.assess({
    environment: runtime.supportedEnvironments[0] ?? "",
    environmentVariables: {},
    resourceLimits: DEFAULT_LIMITS,
    permissions: NO_PERMISSIONS,
    minIsolation: 0,
  });
  return {
    name: runtime.name,
    type: runtime.type,
    environments,
    ...availability,
    capabilities: runtime.getCapabilities(),
    measured: profile.read(),
    isolation,
  };
}

function toAvailability(obstacle: Rejection | undefined): Availability {
  return obstacle === undefined ? { available: true } : { available: false, reason: obstacle.detail };
}
