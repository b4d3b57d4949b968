import type { Lease } from "../warm/warm_member.ts";
import type { ShelfOptions } from "../warm/warm_shelf.ts";
import type { RuntimeConfig } from "../port.ts";
import { bareConfig } from "./bare_config.ts";
import type { Installation } from "./installation.ts";
import { ProcessEnvironment } from "./process_environment.ts";
import { warmMemoryMb, type WarmSpec } from "./spec.ts";

/** Keeps one environment warm for each language of the spec. It has the default limits and no permissions. */
export function warmUpEnvironments(installation: Installation): void {
  const { host: { pool }, spec: { warm } } = installation;
  if (warm === undefined) return;
  for (const environment of warm.languages) {
    pool?.warmUp(...shelfOf(installation, bareConfig(environment), { warm, min: 1 }));
  }
}

/**
 * Takes a warm environment, or one that is about to be warm. Undefined where there is none, or the configuration allows
 * none.
 */
export async function leaseEnvironment(
  installation: Installation,
  config: RuntimeConfig,
): Promise<Lease<ProcessEnvironment> | undefined> {
  const { host: { pool }, spec: { warm } } = installation;
  if (warm === undefined || !allowsWarm(config, warm)) return undefined;
  return await pool?.lease(...shelfOf(installation, config, { warm, min: 0 }));
}

/**
 * Whether a configuration may use a warm environment. A session takes any; a single use takes only one for its program,
 * or for the main file without arguments.
 */
function allowsWarm(
  { runsMainFile, singleUse, startsCold, workspaceDirectory }: RuntimeConfig,
  { servesEveryProgram }: WarmSpec,
): boolean {
  const isServed = singleUse !== true || runsMainFile === true || servesEveryProgram === true;
  return startsCold !== true && workspaceDirectory === undefined && isServed;
}

/**
 * The key of configurations that the same process can serve. Variables may be secrets of their tenant: those of an
 * unknown tenant are shared with no other request. A process that serves every program has no variables while it waits.
 */
function kindOf(runtime: string, config: RuntimeConfig, { servesEveryProgram }: WarmSpec): string {
  const { environment, environmentVariables, permissions, resourceLimits, tenant } = config;
  const { cpuMs, diskMb, maxProcesses, memoryMb } = resourceLimits;
  const limits = [cpuMs, diskMb, maxProcesses, memoryMb];
  const variables = servesEveryProgram === true || Object.keys(environmentVariables).length === 0
    ? []
    : [environmentVariables, tenant ?? crypto.randomUUID()];
  return JSON.stringify([runtime, environment, permissions, limits, ...variables]);
}

function shelfOf(
  installation: Installation,
  config: RuntimeConfig,
  { min, warm }: { readonly min: number; readonly warm: WarmSpec },
): [kind: string, options: ShelfOptions<ProcessEnvironment>] {
  const { name } = installation.spec.facts;
  return [kindOf(name, config, warm), {
    owner: name,
    min,
    memoryMb: warmMemoryMb(warm, config.environment),
    async make() {
      await using stack = new AsyncDisposableStack();
      const { servesEveryProgram = false } = warm;
      const own = servesEveryProgram ? { ...config, environmentVariables: {} } : config;
      const environment = stack.use(ProcessEnvironment.create(installation, { ...own, singleUse: true }));
      await environment.prepare();
      stack.move();
      return environment;
    },
  }];
}
