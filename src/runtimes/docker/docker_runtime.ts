import type { Availability, RuntimeCapabilities } from "../../core/capabilities.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { LimitName } from "../../core/limits.ts";
import type { PermissionSettings } from "../../core/permissions.ts";
import { Instance } from "../../system/instance.ts";
import { Probe } from "../../system/probe.ts";
import type {
  Assessment,
  ExecutionEnvironment,
  ExecutionRuntime,
  RuntimeConfig,
  RuntimeFacts,
  RuntimeHost,
} from "../runtime.ts";
import { DockerEnvironment } from "./docker_environment.ts";
import { parseEngineAddress, whyUnreachable } from "./engine_address.ts";
import type { EngineClient, EngineFacts } from "./engine_client.ts";
import type { DockerEnvironmentOptions, DockerInstallation } from "./environment_container.ts";
import { dockerFacts } from "./facts.ts";
import { Images } from "./images.ts";
import { ProgramNetwork } from "./program_network.ts";
import { Reaper } from "./reaper.ts";
import { type DockerSettings, parseSettings } from "./settings.ts";
import { findSurvivor, type Survivor } from "./survivor.ts";

/** A lost Engine is noticed within seconds, and so is one that has come back. */
const PROBE = { ttlMs: 2_000, failureTtlMs: 1_000, timeoutMs: 2_000 };

const LEVEL_HARDENED = 9;
const LEVEL_OTHER_KERNEL = 10;
/** Without a filter for system calls a container is no more than the other layers. */
const LEVEL_UNFILTERED = 7;

/** The name under which gVisor's own instructions register it. */
const GVISOR = "runsc";

const LAYERS = ["container", "namespaces", "no_capabilities", "no_new_privs", "read_only_root"];
const OWN_LIMITS: readonly LimitName[] = ["timeoutMs", "maxOutputBytes", "maxTotalOutputBytes", "diskMb"];

/** The runtime for one host. */
export function createDockerRuntime(host: RuntimeHost): ExecutionRuntime {
  return new DockerRuntime(host);
}

/** What there is once an Engine has answered. */
interface Engine {
  readonly client: EngineClient;
  readonly images: Images;
  readonly programNetwork: ProgramNetwork;
}

class DockerRuntime implements ExecutionRuntime {
  readonly name: string;
  readonly type: RuntimeFacts["type"];
  readonly supportedEnvironments: readonly string[];
  readonly #capabilities: RuntimeCapabilities;
  readonly #host: RuntimeHost;
  readonly #settings: DockerSettings;
  /** The environment names for which packages can be installed. */
  readonly #installable: readonly string[];
  readonly #probe: Probe;
  readonly #living = new Set<string>();
  #connecting: Promise<EngineClient> | undefined;
  /** Undefined as long as no Engine has ever answered. */
  #engine: Engine | undefined;
  #isConnected = false;
  #isDisposed = false;
  /** What the last Engine that answered is like: while it is away, that is what can be expected. */
  #facts: EngineFacts | undefined;
  #reaper: Reaper | undefined;

  constructor(host: RuntimeHost) {
    const facts = dockerFacts(host);
    this.name = facts.name;
    this.type = facts.type;
    this.supportedEnvironments = facts.supportedEnvironments;
    this.#capabilities = facts.capabilities;
    this.#host = host;
    this.#settings = parseSettings(host.settings[facts.name]);
    this.#installable = this.supportedEnvironments.filter((name) =>
      this.#settings.environments[name]?.install !== undefined
    );
    this.#probe = new Probe(() => this.#ask(), PROBE);
  }

  async isAvailable(environment?: string): Promise<Availability> {
    const answer = await this.#probe.answer();
    if (!answer.available || environment === undefined || this.#engine === undefined) return answer;
    try {
      return await this.#engine.images.availability(environment);
    } catch (error) {
      return { available: false, reason: messageOf(error) };
    }
  }

  getCapabilities(): RuntimeCapabilities {
    return this.#capabilities;
  }

  async assess({ permissions, minIsolation }: RuntimeConfig): Promise<Assessment> {
    await this.#probe.answer();
    const facts = this.#facts;
    const cannotHonour = await this.#whyNot(permissions, minIsolation);
    return {
      isolation: {
        level: levelOf(facts, minIsolation),
        layers: [
          ...LAYERS,
          ...(this.#ociRuntime(minIsolation) === undefined ? facts?.hasSeccomp ?? true ? ["seccomp"] : [] : ["gvisor"]),
        ],
        limits: [...OWN_LIMITS, ...this.#cgroupLimits(minIsolation)],
      },
      ...(cannotHonour === undefined ? {} : { cannotHonour }),
    };
  }

  async createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment> {
    const engine = await this.#answering();
    if (config.workspaceDirectory !== undefined) {
      throw new CodeBeakerError("permission_denied", "No directory of this host is mounted into a container");
    }
    const image = await engine.images.ensure(config.environment);
    return await DockerEnvironment.create(
      this.#installation(engine),
      await this.#optionsFor(engine, { config, image }),
    );
  }

  async reattachEnvironment(id: string, config: RuntimeConfig): Promise<ExecutionEnvironment | undefined> {
    const engine = await this.#answering();
    const installation = this.#installation(engine);
    const { client } = engine;
    const survivor = await findSurvivor(client, { instanceId: installation.instance.id, environmentId: id });
    if (survivor === undefined) return undefined;
    const { containerId, image } = survivor;
    const why = await this.#whyUseless(survivor, { engine, config });
    if (why !== undefined) {
      this.#host.log.info("an environment cannot be attached again", { environment: id, why });
      await client.removeContainer(containerId);
      return undefined;
    }
    const options = await this.#optionsFor(engine, { config, image });
    const environment = await DockerEnvironment.reattach(installation, options, { id, containerId });
    if ((await client.inspectContainer(containerId))?.isRunning) return environment;
    await environment[Symbol.asyncDispose](); // What ran in it could not be ended without it.
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#reaper?.[Symbol.asyncDispose]();
  }

  /** Returns when the Engine answers. What is known of it is asked again when it has been away. */
  async #ask(): Promise<void> {
    try {
      if (this.#host.instance === undefined) throw new Error("no home directory can be kept here (see --home)");
      const address = parseEngineAddress(this.#settings.host, this.#settings.certPath);
      const why = await whyUnreachable(address);
      if (why !== undefined) throw new Error(why);
      const client = await (this.#connecting ??= connect(address).catch((cause: unknown) => {
        this.#connecting = undefined; // It is tried again: what was in the way may be gone by then.
        throw cause;
      }));
      if (this.#isConnected) return await client.ping();
      this.#facts = await client.facts();
      this.#engine ??= {
        client,
        images: new Images(client, { settings: this.#settings, log: this.#host.log }),
        programNetwork: new ProgramNetwork({ client, address, openNetworks: this.#host.openNetworks }),
      };
      this.#isConnected = true;
      this.#startReaper(client);
    } catch (error) {
      this.#isConnected = false;
      throw error;
    }
  }

  async #answering(): Promise<Engine> {
    const answer = await this.#probe.answer();
    if (!answer.available) throw new CodeBeakerError("runtime_unavailable", answer.reason);
    return this.#engine ?? unreachable();
  }

  #installation({ client }: Engine): DockerInstallation {
    const { instance, log } = this.#host;
    return { client, instance: instance ?? unreachable(), living: this.#living, log };
  }

  async #optionsFor(
    { images, programNetwork }: Engine,
    { config, image }: { readonly config: RuntimeConfig; readonly image: string },
  ): Promise<DockerEnvironmentOptions> {
    const { environment, minIsolation, permissions } = config;
    return {
      config,
      spec: this.#settings.environments[environment] ?? unreachable(),
      image,
      ociRuntime: this.#ociRuntime(minIsolation),
      network: permissions.allowNet === false ? undefined : await programNetwork.ensure(),
      hasCgroup: this.#keepsCgroup(minIsolation),
      installable: this.#installable,
      installNetwork: () => this.#openInstallNetwork(programNetwork, minIsolation),
      onUnusable: (reason) => images.recordFailure(environment, `the image ${image} is of no use: ${reason}`),
    };
  }

  async #openInstallNetwork(network: ProgramNetwork, minIsolation: number): Promise<string> {
    const why = await this.#whyNoNetwork(minIsolation);
    if (why === undefined) return await network.ensure();
    throw new CodeBeakerError(
      "permission_denied",
      `Cannot install packages as a container can have no network: ${why}`,
    );
  }

  /** Why what outlived the last process is not what the configuration would get now; undefined when it is. */
  async #whyUseless(
    { network, ociRuntime }: Survivor,
    { engine, config }: { readonly engine: Engine; readonly config: RuntimeConfig },
  ): Promise<string | undefined> {
    if (this.#settings.environments[config.environment] === undefined) return "its language is not configured any more";
    const wanted = this.#ociRuntime(config.minIsolation);
    if (wanted !== undefined && ociRuntime !== wanted) return `its container is not isolated by ${wanted}`;
    const wantedNetwork = config.permissions.allowNet === false ? "none" : await engine.programNetwork.ensure();
    return network === wantedNetwork ? undefined : "its container's network follows other rules";
  }

  #startReaper(client: EngineClient): void {
    const { instance, log } = this.#host;
    if (instance === undefined || this.#isDisposed) return;
    this.#reaper ??= new Reaper({
      client,
      instanceId: instance.id,
      isOurs: (session) => this.#living.has(session) || this.#host.survivors.has(session),
      fateOf: Instance.fateOf,
      log,
    });
    this.#reaper.start();
  }

  async #whyNot(
    { allowNet, allowRead, allowWrite }: PermissionSettings,
    minIsolation: number,
  ): Promise<string | undefined> {
    if (allowRead.length + allowWrite.length > 0) return "no directory of this host is mounted into a container";
    if (typeof allowNet === "object") return "a container's network cannot be kept to a list of hosts";
    return allowNet ? await this.#whyNoNetwork(minIsolation) : undefined;
  }

  async #whyNoNetwork(minIsolation: number): Promise<string | undefined> {
    if (this.#engine === undefined) return undefined;
    const ociRuntime = this.#ociRuntime(minIsolation);
    if (ociRuntime !== undefined && this.#facts?.runtimes[ociRuntime]?.includes("--network=none")) {
      return `${ociRuntime} is registered without a network`;
    }
    return await this.#engine.programNetwork.whyNot();
  }

  /** gVisor, where it is asked for and registered. */
  #ociRuntime(minIsolation: number): string | undefined {
    const isThere = this.#facts !== undefined && GVISOR in this.#facts.runtimes;
    return isThere && minIsolation >= LEVEL_OTHER_KERNEL ? GVISOR : undefined;
  }

  /** gVisor can be registered to leave the cgroup alone, which then counts and bounds nothing. */
  #keepsCgroup(minIsolation: number): boolean {
    const ociRuntime = this.#ociRuntime(minIsolation);
    return ociRuntime === undefined || !(this.#facts?.runtimes[ociRuntime]?.includes("--ignore-cgroups") ?? false);
  }

  #cgroupLimits(minIsolation: number): LimitName[] {
    if (!this.#keepsCgroup(minIsolation)) return [];
    return [
      "cpuMs",
      ...(this.#facts?.limitsMemory ?? true ? ["memoryMb"] as const : []),
      ...(this.#facts?.limitsProcesses ?? true ? ["maxProcesses"] as const : []),
    ];
  }
}

function levelOf(facts: EngineFacts | undefined, minIsolation: number): number {
  if (facts === undefined) return LEVEL_HARDENED;
  if (minIsolation >= LEVEL_OTHER_KERNEL && GVISOR in facts.runtimes) return LEVEL_OTHER_KERNEL;
  return facts.hasSeccomp ? LEVEL_HARDENED : LEVEL_UNFILTERED;
}

async function connect(address: ReturnType<typeof parseEngineAddress>): Promise<EngineClient> {
  const { EngineClient } = await import("./engine_client.ts");
  return await EngineClient.connect(address);
}

function unreachable(): never {
  throw new CodeBeakerError("runtime_unavailable", "The Docker Engine was lost a moment ago");
}
