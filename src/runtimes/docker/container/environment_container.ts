import type { Limits } from "../../../core/limits.ts";
import type { Instance } from "../../../host/instance.ts";
import type { Program, RuntimeConfig, RuntimeHost, RuntimeLog } from "../../port.ts";
import { ContainerGroup } from "./container_group.ts";
import type { EngineClient } from "../engine/engine_client.ts";
import { BUILD_DIRECTORY, type EnvironmentSpec } from "../images/environments.ts";
import { boundsOf, containerRequest, KEEPER_USER } from "./host_config.ts";
import { LABELS } from "./reaper.ts";
import { DenialWatch } from "../denials/denial_watch.ts";
import type { ContainerBounds, ContainerRequest } from "../engine/engine_containers.ts";

const BASE_VARIABLES = { HOME: "/tmp", TMPDIR: "/tmp", LANG: "C.UTF-8" };
/**
 * What an installer leaves beside the packages goes where compilers work, and nothing of a program's variables reaches
 * it.
 */
const INSTALLER_VARIABLES = { HOME: BUILD_DIRECTORY, TMPDIR: BUILD_DIRECTORY, LANG: "C.UTF-8", NO_COLOR: "1" };

/** What every environment of this runtime shares. */
export interface DockerInstallation {
  readonly client: EngineClient;
  readonly instance: Instance;
  /** The environments that live, whose containers no reaper may take. */
  readonly living: Set<string>;
  readonly log: RuntimeLog;
  /** Images whose interpreter does not wait for a program, as far as it was tried: there a launcher waits alone. */
  readonly interpreterless: Set<string>;
  /** What makes things ahead of time; undefined where nothing is. */
  readonly pool?: RuntimeHost["pool"];
  /** Memory for what waits in a session; undefined where there always is some. */
  readonly memory?: RuntimeHost["memory"];
  /** Private networks that the operator opened. */
  readonly openNetworks: readonly string[];
}

/** What one environment is made from. */
export interface DockerEnvironmentOptions {
  readonly config: RuntimeConfig;
  readonly spec: EnvironmentSpec;
  readonly image: string;
  readonly ociRuntime: string | undefined;
  /** The Engine's network that its programs may reach. */
  readonly network: string | undefined;
  /** Whether the kernel counts and bounds what its containers use. */
  readonly hasCgroup: boolean;
  /** Whether nothing but packages is installed in it, by what may use as much as a compiler. */
  readonly installs?: boolean;
  /** The environment names for which packages can be installed. */
  readonly installable: readonly string[];
  /**
   * The Engine's network for the installation of packages.
   *
   * @throws {CodeBeakerError} `permission_denied` that says why there is none
   */
  installNetwork(): Promise<string>;
  /** Given back when it is disposed of. */
  readonly memory?: Disposable;
  /** Is told when no program can be run in the image. */
  onUnusable(reason: string): void;
}

/** What an environment outlived the process that made it in. */
export interface Outlived {
  /** The environment's own id. */
  readonly id: string;
  readonly containerId: string;
}

/** What a container runs for as long as it lives. */
export interface MainProcess {
  readonly argv: readonly string[];
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What keeps a lasting container alive. */
export const KEEPER: MainProcess = { argv: ["sh", "-c", "exec sleep infinity"], user: KEEPER_USER, env: {} };

/**
 * The container of one environment. Everything that is started in it later has its variables too: those of a session,
 * which it keeps for whoever attaches it again; those of a single use come with its program.
 */
export function requestFor(
  { instance }: Pick<DockerInstallation, "instance">,
  options: DockerEnvironmentOptions,
  { id, main }: { readonly id: string; readonly main: MainProcess },
): ContainerRequest {
  const { config, image, installs = false, network, ociRuntime, spec } = options;
  const compiles = spec.compile !== undefined || installs;
  return containerRequest({
    image,
    argv: main.argv,
    user: main.user,
    env: { ...variablesOf(options), ...main.env },
    limits: config.resourceLimits,
    compiles,
    bounds: boundsFor(options, { compiling: config.singleUse === true }),
    ...(ociRuntime === undefined ? {} : { ociRuntime }),
    ...(network === undefined ? {} : { network }),
    labels: {
      [LABELS.instance]: instance.id,
      [LABELS.lock]: instance.lockPath,
      [LABELS.session]: id,
      [LABELS.created]: new Date().toISOString(),
    },
  });
}

/**
 * What the container of an environment may use while a compiler runs in it, or programs of these limits; absent, its
 * own.
 */
export function boundsFor(
  { config, installs = false, spec }: DockerEnvironmentOptions,
  { compiling, limits = config.resourceLimits }: { readonly compiling: boolean; readonly limits?: Limits },
): ContainerBounds {
  return boundsOf(limits, { compiling: installs || (compiling && spec.compile !== undefined) });
}

/** What this machine's kernel sees of the container of an environment, where it is that which runs it. */
export function findGroup(
  containerId: string,
  { hasCgroup, ociRuntime }: Pick<DockerEnvironmentOptions, "hasCgroup" | "ociRuntime">,
): ContainerGroup | undefined {
  return hasCgroup ? ContainerGroup.find(containerId, { seesInside: ociRuntime === undefined }) : undefined;
}

/** What sees the denials of a program; what installs packages is refused nothing by its request's permissions. */
export function watchDenials(
  program: Program,
  { config, openNetworks }: Pick<DockerEnvironmentOptions & DockerInstallation, "config" | "openNetworks">,
): DenialWatch | undefined {
  return program.kind === "install" ? undefined : new DenialWatch({ permissions: config.permissions, openNetworks });
}

function variablesOf({ config, installs = false, spec }: DockerEnvironmentOptions): Record<string, string> {
  if (installs) return INSTALLER_VARIABLES;
  return { ...BASE_VARIABLES, ...spec.env, ...(config.singleUse === true ? {} : config.environmentVariables) };
}
