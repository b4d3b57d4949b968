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
 * What one takes that waits, in MB. Measured with Python 3.13 and Docker 26 as proportional set sizes: 10 in the container
 * and 12 of the Engine's process beside it; and 71 with gVisor, whose kernel is one more process.
 */
const WAITING_MB = 25;
const WAITING_BESIDE_KERNEL_MB = 75;

/** A container that waits for its one program, where one is ready or about to be, and the options allow for it. */
export async function takeWarm(
  installation: DockerInstallation,
  options: DockerEnvironmentOptions,
): Promise<Lease<WarmContainer> | undefined> {
  if (options.config.singleUse !== true || options.config.startsCold === true) return undefined;
  return await take(installation, options, { make: () => WarmContainer.make(installation, withoutClient(options)) });
}

/**
 * The same for a container that lasts. One with variables of its own is made with them: whoever attaches it again finds
 * them there.
 */
export async function takeWarmSession(
  installation: DockerInstallation,
  options: DockerEnvironmentOptions,
): Promise<Lease<WarmSession> | undefined> {
  const { environmentVariables, singleUse } = options.config;
  if (singleUse === true || Object.keys(environmentVariables).length > 0) return undefined;
  return await take(installation, options, { make: () => WarmSession.make(installation, withoutClient(options)) });
}

async function take<Member extends WarmMember>(
  { pool }: DockerInstallation,
  options: DockerEnvironmentOptions,
  { make }: Pick<ShelfOptions<Member>, "make">,
): Promise<Lease<Member> | undefined> {
  const { config, network, ociRuntime } = options;
  if (network !== undefined) return undefined;
  const kind = kindOf(options);
  const isUsual = kind === kindOf({ ...options, config: { ...config, resourceLimits: DEFAULT_LIMITS } });
  const memoryMb = ociRuntime === undefined ? WAITING_MB : WAITING_BESIDE_KERNEL_MB;
  return await pool?.lease(kind, { owner: RUNTIME_NAME, min: isUsual ? 1 : 0, memoryMb, make });
}

/** What two containers have in common that can serve the same program. */
function kindOf({ config, image, ociRuntime }: DockerEnvironmentOptions): string {
  const { diskMb, maxProcesses, memoryMb } = config.resourceLimits;
  const use = config.singleUse === true ? "program" : "session";
  return fingerprintOf([RUNTIME_NAME, use, config.environment, image, ociRuntime, [diskMb, maxProcesses, memoryMb]]);
}

/** Nothing of the first client that asks for a kind goes into what others may get. */
function withoutClient({ config, ...options }: DockerEnvironmentOptions): DockerEnvironmentOptions {
  return { ...options, config: { ...config, environmentVariables: {}, permissions: NO_PERMISSIONS } };
}
