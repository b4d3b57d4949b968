import type { Limits } from "../../../core/limits.ts";
import type { ContainerBounds, ContainerRequest } from "../engine/engine_containers.ts";
import type { DockerEnvironmentOptions, DockerInstallation } from "../environment/environment_options.ts";
import { BUILD_DIRECTORY } from "../images/environments.ts";
import { ContainerGroup } from "./container_group.ts";
import { boundsOf } from "./container_limits.ts";
import { containerRequest } from "./container_request.ts";
import { LABELS } from "./reaper.ts";
import { PAUSE_USER } from "./users.ts";

const BASE_VARIABLES = { HOME: "/tmp", TMPDIR: "/tmp", LANG: "C.UTF-8" };
/** The variables of an installer. Its other files go to the compilers' directory; no variable of a program reaches it. */
const INSTALLER_VARIABLES = { HOME: BUILD_DIRECTORY, TMPDIR: BUILD_DIRECTORY, LANG: "C.UTF-8", NO_COLOR: "1" };

/** The main process of a container. */
export interface MainProcess {
  readonly argv: readonly string[];
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The main process of a session container: it only keeps the container alive. */
export const PAUSE_PROCESS: MainProcess = { argv: ["sh", "-c", "exec sleep infinity"], user: PAUSE_USER, env: {} };

/**
 * The Engine API's request for a container of an environment. A session's variables are the container's own, so that
 * they are there after a recovery. The variables of a single use come with its program.
 */
export function requestFor(
  { instance }: Pick<DockerInstallation, "instance">,
  options: DockerEnvironmentOptions,
  { id, main }: { readonly id: string; readonly main: MainProcess },
): ContainerRequest {
  const { config, hasSeccomp, image, installs = false, network, ociRuntime, spec } = options;
  return containerRequest({
    image,
    argv: main.argv,
    user: main.user,
    env: { ...variablesOf(options), ...main.env },
    limits: config.resourceLimits,
    compiles: spec.compile !== undefined || installs,
    bounds: boundsFor(options, { compiling: config.singleUse === true }),
    hasSeccomp,
    ...(ociRuntime === undefined ? {} : { ociRuntime }),
    ...(network === undefined ? {} : { network }),
    labels: {
      [LABELS.instance]: instance.id,
      [LABELS.lock]: instance.lockPath,
      ...(instance.isLasting ? {} : { [LABELS.passing]: "true" }),
      [LABELS.session]: id,
      [LABELS.created]: new Date().toISOString(),
    },
  });
}

/**
 * The bounds of an environment's container, for a compiler or for programs. Without `limits`, programs have the
 * environment's own.
 */
export function boundsFor(
  { config, installs = false, spec }: DockerEnvironmentOptions,
  { compiling, limits = config.resourceLimits }: { readonly compiling: boolean; readonly limits?: Limits },
): ContainerBounds {
  return boundsOf(limits, { compiling: installs || (compiling && spec.compile !== undefined) });
}

/** The control group of an environment's container. Undefined where this machine's kernel has none for it. */
export function findGroup(
  containerId: string,
  { hasCgroup, ociRuntime }: Pick<DockerEnvironmentOptions, "hasCgroup" | "ociRuntime">,
): ContainerGroup | undefined {
  return hasCgroup ? ContainerGroup.find(containerId, { seesInside: ociRuntime === undefined }) : undefined;
}

function variablesOf({ config, installs = false, spec }: DockerEnvironmentOptions): Record<string, string> {
  if (installs) return INSTALLER_VARIABLES;
  return { ...BASE_VARIABLES, ...spec.env, ...(config.singleUse === true ? {} : config.environmentVariables) };
}
