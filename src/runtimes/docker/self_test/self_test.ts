import type { CanaryFinding } from "../../../core/diagnosis.ts";
import { CodeBeakerError } from "../../../core/errors.ts";
import { LIMITS, type Limits, MEBIBYTE } from "../../../core/limits.ts";
import { NO_PERMISSIONS } from "../../../core/permissions/permissions.ts";
import { type ConnectionCounter, countConnections } from "../../../host/count_connections.ts";
import { ownCommandLine, ownVariables } from "../../../host/own_process.ts";
import canaryScript from "./canaries.sh" with { type: "text" };
import { type Bait, CANARIES, CANARY_LIMITS, claimed, type Claims, judge, type Seen } from "./canaries.ts";
import { DockerEnvironment } from "../docker_environment.ts";
import type { InspectedImage } from "../engine/engine_client.ts";
import type { EngineFacts } from "../engine/engine_facts.ts";
import {
  type DockerEnvironmentOptions,
  type DockerInstallation,
  requestFor,
} from "../container/environment_container.ts";
import { LABELS } from "../container/reaper.ts";

/** Bridges that Docker, or this service, makes on its host: how a container with a network reaches it. */
const BRIDGES = /^(docker\d+$|br-|cb[0-9a-f]{10}$)/;
/** Names of variables that every container has, with values of its own. */
const CONTAINER_NAMES = ["PATH", "HOME", "TMPDIR", "LANG", "HOSTNAME", "PWD", "OLDPWD", "SHLVL", "TERM", "_"];
/** Children that are tried, and memory that is taken: more than the limits allow, and no more than a host can bear. */
const TRIED_CHILDREN = 64;
const TRIED_MEMORY_BYTES = 3 * CANARY_LIMITS.memoryMb * MEBIBYTE;

/** The container's own bound on processes is tried, and not what the service sees of it. */
const UNWATCHED: Limits = { ...CANARY_LIMITS, maxProcesses: LIMITS.maxProcesses.max };
const GREEDY_SCRIPT = 'head -c "$1" /dev/zero | tail -c "$1" >/dev/null';

/** What is tested, and in what. */
export interface SelfTestSubject {
  readonly image: string;
  readonly inspected: InspectedImage;
  /** Undefined for the Engine's default. */
  readonly ociRuntime: string | undefined;
  readonly facts: EngineFacts;
  readonly claims: Claims;
  /** Whether the kernel counts what its containers use. */
  readonly hasCgroup: boolean;
}

/** What findings depend on: the Engine, its kernel, the image, what containers are made with, and what tests them. */
export function versionOf(installation: DockerInstallation, subject: SelfTestSubject): string {
  const { claims, facts, inspected, ociRuntime } = subject;
  const main = { argv: [], user: "", env: {} };
  const { HostConfig } = requestFor(installation, optionsFor(subject, () => {}), { id: "", main });
  return JSON.stringify([
    [facts.version, facts.kernel, facts.defaultRuntime, facts.runtimes[ociRuntime ?? facts.defaultRuntime]],
    inspected.id,
    ociRuntime,
    claims,
    HostConfig,
    [canaryScript, GREEDY_SCRIPT],
    CANARIES.map(({ name, fault }) => [name, String(fault)]),
  ]);
}

/** What holds for one test. */
export interface TestOptions {
  readonly signal: AbortSignal;
  /** Takes what the test needs no more, and removes it behind the result. */
  leave(used: AsyncDisposable): void;
}

/** What came of a test, or why nothing can be tested in its image. */
export type TestResult = { readonly findings: readonly CanaryFinding[] } | { readonly useless: string };

/**
 * Runs every canary of what is claimed, in two short containers.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` when it cannot be run
 */
export async function testContainers(
  installation: DockerInstallation,
  subject: SelfTestSubject,
  { leave, signal }: TestOptions,
): Promise<TestResult> {
  let useless: string | undefined;
  const options = optionsFor(subject, (reason) => useless = reason);
  await using counter = listenOnBridges();
  const { addresses, connections } = counter;
  const targets = addresses.map(({ hostname, port }) => `${hostname}:${port}`);
  const bait = { connections, marker: `canary_${crypto.randomUUID()}`, ...ownTraits(subject.inspected) };
  try {
    const seen = await look(subject.claims, { installation, options, bait, targets, leave, signal });
    signal.throwIfAborted();
    return { findings: judge(claimed(subject.claims), seen, bait) };
  } catch (error) {
    if (useless === undefined) throw error;
    return { useless };
  }
}

/** What is looked at, and from where. */
interface Look extends TestOptions {
  readonly installation: DockerInstallation;
  readonly options: DockerEnvironmentOptions;
  readonly bait: Bait;
  readonly targets: readonly string[];
}

/** What takes memory runs beside what tries everything else, which nobody is to end before it has reported. */
async function look(claims: Claims, { bait, targets, ...where }: Look): Promise<Seen> {
  const children = String(claims.limitsProcesses ? TRIED_CHILDREN : 0);
  const [seen, greedy] = await Promise.all([
    run({ script: canaryScript, args: [bait.marker, children, ...targets], limits: UNWATCHED }, where),
    claims.limitsMemory ? run({ script: GREEDY_SCRIPT, args: [String(TRIED_MEMORY_BYTES)] }, where) : undefined,
  ]);
  return { ...seen, greedy };
}

async function run(
  { args, limits = CANARY_LIMITS, script }: {
    readonly script: string;
    readonly args: readonly string[];
    readonly limits?: Limits;
  },
  { installation, leave, options, signal }: Pick<Look, "installation" | "leave" | "options" | "signal">,
): Promise<Seen> {
  const environment = await DockerEnvironment.create(installation, options);
  using _leaving = { [Symbol.dispose]: () => leave(environment) };
  await environment.files.write("main.sh", new TextEncoder().encode(script));
  const program = await environment.run({ kind: "file", path: "main.sh", args }, {
    env: {},
    limits,
    signal,
  });
  let output = "";
  const decoder = new TextDecoder();
  for await (const { bytes } of program.output) output += decoder.decode(bytes, { stream: true });
  const outcome = await program.outcome;
  const { client } = installation;
  const [container] = await client.listContainers(`${LABELS.session}=${environment.id}`);
  return { output, outcome, changedPaths: container === undefined ? [] : await client.changedPaths(container.id) };
}

function optionsFor(
  { hasCgroup, image, ociRuntime }: SelfTestSubject,
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
    installable: [],
    installNetwork: () => Promise.reject(new CodeBeakerError("permission_denied", "Nothing is installed here")),
    onUnusable,
  };
}

/** Listens where a container that is not kept from it would reach this machine. */
function listenOnBridges(): ConnectionCounter {
  const bridges = Deno.networkInterfaces().filter(({ family, name }) => family === "IPv4" && BRIDGES.test(name));
  return countConnections(["127.0.0.1", ...bridges.map(({ address }) => address)]);
}

/** What tells this very process; what the image says too is not the service's own. */
function ownTraits({ variables }: InspectedImage): Pick<Bait, "ownVariables" | "ownCommandLine"> {
  return {
    ownVariables: ownVariables({ except: CONTAINER_NAMES }).filter((variable) => !variables.includes(variable)),
    ownCommandLine: ownCommandLine().join("\n"),
  };
}
