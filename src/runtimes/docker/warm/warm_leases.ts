import { fingerprintOf } from "../../../core/fingerprint.ts";
import { DEFAULT_LIMITS } from "../../../core/limits.ts";
import { NO_PERMISSIONS } from "../../../core/permissions/permissions.ts";
import type { Lease, WarmMember } from "../../warm/warm_member.ts";
import type { ShelfOptions } from "../../warm/warm_shelf.ts";
import { RUNTIME_NAME } from "../settings.ts";
import { WarmContainer } from "./warm_container.ts";
import { WarmSession } from "./warm_session.ts";
import type { DockerEnvironmentOptions, DockerInstallation } from "../environment/environment_options.ts";

/**
 * The memory of a warm container. Measured with Python 3.13 and Docker 26 as proportional set sizes: 10 MB in the
 * container and 12 MB in the Engine's process for it; 71 MB with gVisor, whose kernel is a process too.
 */
const WARM_MEMORY_MB = 25;
const WARM_GVISOR_MEMORY_MB = 75;

/** Leases a warm container for a single program. Undefined when there is none, or the options rule one out. */
export async function leaseWarmContainer(
  installation: DockerInstallation,
  options: DockerEnvironmentOptions,
): Promise<Lease<WarmContainer> | undefined> {
  if (options.config.singleUse !== true || options.config.startsCold === true) return undefined;
  return await lease(installation, options, { make: () => WarmContainer.make(installation, withoutClient(options)) });
}

/**
 * Leases a warm container for a session. A session with variables gets a new container, which stores them for its
 * recovery.
 */
export async function leaseWarmSession(
  installation: DockerInstallation,
  options: DockerEnvironmentOptions,
): Promise<Lease<WarmSession> | undefined> {
  const { environmentVariables, singleUse } = options.config;
  if (singleUse === true || Object.keys(environmentVariables).length > 0) return undefined;
  return await lease(installation, options, { make: () => WarmSession.make(installation, withoutClient(options)) });
}

async function lease<Member extends WarmMember>(
  { pool }: DockerInstallation,
  options: DockerEnvironmentOptions,
  { make }: Pick<ShelfOptions<Member>, "make">,
): Promise<Lease<Member> | undefined> {
  const { config, network, ociRuntime } = options;
  if (network !== undefined) return undefined;
  const kind = kindOf(options);
  const isDefault = kind === kindOf({ ...options, config: { ...config, resourceLimits: DEFAULT_LIMITS } });
  const memoryMb = ociRuntime === undefined ? WARM_MEMORY_MB : WARM_GVISOR_MEMORY_MB;
  return await pool?.lease(kind, { owner: RUNTIME_NAME, min: isDefault ? 1 : 0, memoryMb, make });
}

/** Identifies the containers that can serve the same programs. */
function kindOf({ config, image, ociRuntime }: DockerEnvironmentOptions): string {
  const { diskMb, maxProcesses, memoryMb } = config.resourceLimits;
  const use = config.singleUse === true ? "program" : "session";
  return fingerprintOf([RUNTIME_NAME, use, config.environment, image, ociRuntime, [diskMb, maxProcesses, memoryMb]]);
}

/** Options without anything of the requesting client, since other clients get the container. */
function withoutClient({ config, ...options }: DockerEnvironmentOptions): DockerEnvironmentOptions {
  return { ...options, config: { ...config, environmentVariables: {}, permissions: NO_PERMISSIONS } };
}
