import type { CanaryFinding } from "../../../core/diagnosis.ts";
import { CodeBeakerError } from "../../../core/errors.ts";
import { LIMITS, type Limits, MEBIBYTE } from "../../../core/limits.ts";
import { NO_PERMISSIONS } from "../../../core/permissions/permissions.ts";
import { type ConnectionCounter, countConnections } from "../../../host/count_connections.ts";
import { ownCommandLine, ownVariables } from "../../../host/own_process.ts";
import canaryScript from "./canaries.sh" with { type: "text" };
import { judge } from "../../self_test/canary.ts";
import { runProgram } from "../../self_test/run_program.ts";
import { CANARIES, CANARY_LIMITS, type ContainerPromises, type Observation, promisedCanaries } from "./canaries.ts";
import { DockerEnvironment } from "../environment/docker_environment.ts";
import type { EngineInfo } from "../engine/engine_info.ts";
import { requestFor } from "../container/environment_container.ts";
import { LABELS } from "../container/reaper.ts";
import type { InspectedImage } from "../engine/engine_images.ts";
import type { DockerEnvironmentOptions, DockerInstallation } from "../environment/environment_options.ts";

/** The bridges over which a container with a network reaches its host. They are Docker's and this service's. */
const BRIDGES = /^(docker\d+$|br-|cb[0-9a-f]{10}$)/;
/** Names of variables that every container has, with values that are not the service's. */
const CONTAINER_NAMES = ["PATH", "HOME", "TMPDIR", "LANG", "HOSTNAME", "PWD", "OLDPWD", "SHLVL", "TERM", "_"];
/** How many children and how much memory canaries try to get. That exceeds the limits, and is harmless to the host. */
const TRIED_CHILDREN = 64;
const TRIED_MEMORY_BYTES = 3 * CANARY_LIMITS.memoryMb * MEBIBYTE;

/** The limits of the report. The service does not end the report, so that only the container bounds its processes. */
const UNWATCHED: Limits = { ...CANARY_LIMITS, maxProcesses: LIMITS.maxProcesses.max };
const GREEDY_SCRIPT = 'head -c "$1" /dev/zero | tail -c "$1" >/dev/null';

/** The containers that are tested: of one image and one OCI runtime. */
export interface TestedContainers {
  readonly image: string;
  readonly inspected: InspectedImage;
  /** The OCI runtime; undefined for the Engine's default. */
  readonly ociRuntime: string | undefined;
  readonly facts: EngineInfo;
  readonly promises: ContainerPromises;
  /** Whether a control group counts the usage of the containers. */
  readonly hasCgroup: boolean;
}

/**
 * Encodes everything that findings depend on. That is the Engine, its kernel, the image, the containers' options and
 * the canaries.
 */
export function versionOf(installation: DockerInstallation, subject: TestedContainers): string {
  const { facts, inspected, ociRuntime, promises } = subject;
  const main = { argv: [], user: "", env: {} };
  const { HostConfig } = requestFor(installation, optionsFor(subject, () => {}), { id: "", main });
  return JSON.stringify([
    [facts.version, facts.kernel, facts.defaultRuntime, facts.runtimes[ociRuntime ?? facts.defaultRuntime]],
    inspected.id,
    ociRuntime,
    promises,
    HostConfig,
    [canaryScript, GREEDY_SCRIPT],
    CANARIES.map(({ name, fault }) => [name, String(fault)]),
  ]);
}

/** Options of one test. */
export interface TestOptions {
  readonly signal: AbortSignal;
  /** Removes an environment while the test goes on. */
  discard(environment: AsyncDisposable): void;
  /** Called when no program can be run in the image; the test then fails. */
  onUnusable(reason: string): void;
}

/**
 * Runs the canaries of all promises that are made, in two short containers.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` when they cannot be run
 */
export async function testContainers(
  installation: DockerInstallation,
  subject: TestedContainers,
  { discard, onUnusable, signal }: TestOptions,
): Promise<CanaryFinding[]> {
  await using counter = listenOnBridges();
  const options = optionsFor(subject, onUnusable);
  const observation = await observe(counter, { installation, options, subject, discard, signal });
  return await judge(promisedCanaries(subject.promises), () => observation);
}

interface ObserveOptions extends Pick<TestOptions, "discard" | "signal"> {
  readonly installation: DockerInstallation;
  readonly options: DockerEnvironmentOptions;
  readonly subject: TestedContainers;
}

/** Runs the canaries. The greedy one has a container of its own, since its end would end the report too. */
async function observe(counter: ConnectionCounter, { subject, ...where }: ObserveOptions): Promise<Observation> {
  const { limitsMemory, limitsProcesses } = subject.promises;
  const marker = `canary_${crypto.randomUUID()}`;
  const ports = counter.addresses.map(({ hostname, port }) => `${hostname}:${port}`);
  const args = [marker, String(limitsProcesses ? TRIED_CHILDREN : 0), ...ports];
  const [report, greedy] = await Promise.all([
    run({ script: canaryScript, args, limits: UNWATCHED }, where),
    limitsMemory ? run({ script: GREEDY_SCRIPT, args: [String(TRIED_MEMORY_BYTES)] }, where) : undefined,
  ]);
  return {
    ...report,
    greedyOutcome: greedy?.outcome,
    connections: counter.connections(),
    marker,
    ...ownTraits(subject.inspected),
  };
}

async function run(
  { args, limits = CANARY_LIMITS, script }: {
    readonly script: string;
    readonly args: readonly string[];
    readonly limits?: Limits;
  },
  { discard, installation, options, signal }: Omit<ObserveOptions, "subject">,
): Promise<Pick<Observation, "output" | "outcome" | "changedPaths">> {
  const environment = await DockerEnvironment.create(installation, options);
  using _discarded = { [Symbol.dispose]: () => discard(environment) };
  const program = { kind: "file", path: "main.sh", args } as const;
  const observed = await runProgram(environment, { files: { "main.sh": script }, program }, { limits, signal });
  const { client } = installation;
  const [container] = await client.containers.list(`${LABELS.session}=${environment.id}`);
  return {
    ...observed,
    changedPaths: container === undefined ? [] : await client.containers.changedPaths(container.id),
  };
}

function optionsFor(
  { hasCgroup, image, ociRuntime, promises: { hasSeccomp } }: TestedContainers,
  onUnusable: (reason: string) => void,
): DockerEnvironmentOptions {
  return {
    config: {
      environment: "sh",
      environmentVariables: {},
      resourceLimits: CANARY_LIMITS,
      permissions: NO_PERMISSIONS,
      minIsolation: 0,
      singleUse: true,
    },
    spec: { image, file: "main.sh", run: ["sh", "{file}"] },
    image,
    ociRuntime,
    network: undefined,
    hasCgroup,
    hasSeccomp,
    installable: [],
    openInstallNetwork: () => Promise.reject(new CodeBeakerError("permission_denied", "Nothing is installed here")),
    onUnusable,
  };
}

/** Listens on the addresses at which a container with a network reaches this machine. */
function listenOnBridges(): ConnectionCounter {
  const bridges = Deno.networkInterfaces().filter(({ family, name }) => family === "IPv4" && BRIDGES.test(name));
  return countConnections(["127.0.0.1", ...bridges.map(({ address }) => address)]);
}

/** The service's own variables, less those that the image sets too, and its command line. */
function ownTraits({ variables }: InspectedImage): Pick<Observation, "ownVariables" | "ownCommandLine"> {
  return {
    ownVariables: ownVariables({ except: CONTAINER_NAMES }).filter((variable) => !variables.includes(variable)),
    ownCommandLine: ownCommandLine().join("\n"),
  };
}
