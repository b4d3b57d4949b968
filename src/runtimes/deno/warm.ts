import { DEFAULT_LIMITS } from "../../core/limits.ts";
import { NO_PERMISSIONS } from "../../core/permissions/permissions.ts";
import type { Lease } from "../warm/warm_member.ts";
import type { ShelfOptions } from "../warm/warm_shelf.ts";
import type { RuntimeConfig } from "../port.ts";
import { DenoEnvironment, WARM_MEMORY_MB } from "./deno_environment.ts";
import { RUNTIME_NAME } from "./facts.ts";
import type { DenoInstallation } from "./installation.ts";

/** The environments that are made ready before anybody has asked, for requests that ask for nothing special. */
const STOCKED = ["typescript", "javascript"];

/** Has environments made ready for what is asked for most. */
export function stockWarm(installation: DenoInstallation): void {
  for (const environment of STOCKED) {
    const config = {
      environment,
      environmentVariables: {},
      resourceLimits: DEFAULT_LIMITS,
      permissions: NO_PERMISSIONS,
      minIsolation: 0,
      singleUse: true,
    };
    installation.pool?.warmUp(kindOf(config), shelfOf(installation, config, { min: 1 }));
  }
}

/** An environment whose process waits for its one program, where one is ready or about to be. */
export async function takeWarm(
  installation: DenoInstallation,
  config: RuntimeConfig,
): Promise<Lease<DenoEnvironment> | undefined> {
  return await installation.pool?.lease(kindOf(config), shelfOf(installation, config, { min: 0 }));
}

/**
 * What two configurations have in common that can be served by the same process. Variables may be secrets of their tenant:
 * those of nobody known are nobody else's.
 */
function kindOf({ environment, environmentVariables, permissions, resourceLimits, tenant }: RuntimeConfig): string {
  const { cpuMs, diskMb, maxProcesses, memoryMb } = resourceLimits;
  const limits = [cpuMs, diskMb, maxProcesses, memoryMb];
  const variables = Object.keys(environmentVariables).length === 0
    ? []
    : [environmentVariables, tenant ?? crypto.randomUUID()];
  return JSON.stringify([RUNTIME_NAME, environment, permissions, limits, ...variables]);
}

function shelfOf(
  installation: DenoInstallation,
  config: RuntimeConfig,
  { min }: { readonly min: number },
): ShelfOptions<DenoEnvironment> {
  return {
    owner: RUNTIME_NAME,
    min,
    memoryMb: WARM_MEMORY_MB,
    async make() {
      await using stack = new AsyncDisposableStack();
      const environment = stack.use(DenoEnvironment.create(installation, { ...config, singleUse: true }));
      await environment.prepare();
      stack.move();
      return environment;
    },
  };
}
