import type { Answer } from "../../core/answers/answer.ts";
import type { availabilitySchema, runtimeDescriptionSchema } from "../../core/answers/runtime.ts";
import { DEFAULT_LIMITS } from "../../core/limits.ts";
import { NO_PERMISSIONS } from "../../core/permissions/permissions.ts";
import type { Rejection } from "../../core/selection.ts";
import type { PoolState } from "../warm/warm_pool.ts";
import type { RuntimeProfile } from "./profile.ts";
import type { AvailabilityOptions, ExecutionRuntime, RuntimeConfig } from "../port.ts";

/** Whether something can be used now, and why not, as answers show it. */
export type ShownAvailability = Answer<typeof availabilitySchema>;

/** A runtime as `GET /v1/runtimes` shows it. */
export type RuntimeDescription = Answer<typeof runtimeDescriptionSchema>;

/** The sources of a description beside the runtime itself. */
export interface DescribeOptions {
  readonly profile: RuntimeProfile;
  readonly pool?: PoolState | undefined;
  /** Why the runtime, or one environment name on it, cannot be used now. */
  whyUnavailable(environment?: string, options?: AvailabilityOptions): Promise<Rejection | undefined>;
}

/** The options of a description, which tests no language. There may be many, and most are never used. */
const UNTESTED: AvailabilityOptions = { assumesUntested: true };

/** Describes a runtime: declared, measured, and the isolation of an environment without permissions. */
export async function describeRuntime(
  runtime: ExecutionRuntime,
  { pool, profile, whyUnavailable }: DescribeOptions,
): Promise<RuntimeDescription> {
  const availability = toAvailability(await whyUnavailable());
  const environments = await Promise.all(
    runtime.supportedEnvironments.map(async (name) => ({
      name,
      contexts: runtime.contextEnvironments.includes(name),
      ...toAvailability(await whyUnavailable(name, UNTESTED)),
    })),
  );
  const { isolation } = await runtime.assess(plainConfig(runtime, 0), UNTESTED);
  return {
    name: runtime.name,
    type: runtime.type,
    environments,
    ...availability,
    capabilities: runtime.getCapabilities(),
    measured: profile.read(),
    isolation,
    ...(pool === undefined ? {} : { pool }),
  };
}

/** The configuration of an environment without permissions. */
export function plainConfig({ supportedEnvironments }: ExecutionRuntime, minIsolation: number): RuntimeConfig {
  return {
    environment: supportedEnvironments[0] ?? "",
    environmentVariables: {},
    resourceLimits: DEFAULT_LIMITS,
    permissions: NO_PERMISSIONS,
    minIsolation,
  };
}

/** A rejection, or its absence, as an availability. */
export function toAvailability(obstacle: Rejection | undefined): ShownAvailability {
  if (obstacle === undefined) return { available: true };
  const { detail, remedy } = obstacle;
  return { available: false, reason: detail, ...(remedy === undefined ? {} : { remedy }) };
}
