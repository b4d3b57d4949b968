import type { Availability, RuntimeCapabilities } from "../../core/capabilities.ts";
import type { Diagnosis } from "../../core/diagnosis.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import { Instance } from "../../host/instance.ts";
import { Probe } from "../self_test/probe.ts";
import type {
  Assessment,
  AvailabilityOptions,
  ExecutionEnvironment,
  ExecutionRuntime,
  RuntimeConfig,
  RuntimeHost,
  SelfTestDemand,
} from "../port.ts";
import type { RuntimeFacts } from "../entry.ts";
import { DockerEnvironment } from "./docker_environment.ts";
import { parseEngineAddress, whyUnreachable } from "./engine/engine_address.ts";
import type { EngineClient } from "./engine/engine_client.ts";
import type { EngineInfo } from "./engine/engine_info.ts";
import type { DockerEnvironmentOptions, DockerInstallation } from "./container/environment_container.ts";
import { boundsOf, idleMemoryMb } from "./container/host_config.ts";
import { dockerFacts } from "./facts.ts";
import { Images } from "./images/images.ts";
import { GVISOR, isolationOf, keepsCgroup, ociRuntimeFor, whyNoNetwork } from "./self_test/isolation.ts";
import { diagnosisOf, diagnosisWithout } from "./self_test/diagnosis.ts";
import { ProgramNetwork } from "./container/program_network.ts";
import { EngineSelfTests, type TestedEngine } from "./self_test/engine_self_tests.ts";
import { Reaper } from "./container/reaper.ts";
import { type DockerSettings, settingsOf } from "./settings.ts";
import { findSurvivor, type Survivor } from "./container/survivor.ts";
import { takeWarm, takeWarmSession } from "./warm/warm.ts";

/** A lost Engine is noticed within seconds, and so is one that has come back. */
const PROBE = { ttlMs: 2_000, failureTtlMs: 1_000, timeoutMs: 2_000 };

/** How long a request waits for a self-test, and how long a patient one waits. */
const SELF_TEST_WAIT_MS = { usual: 2_000, patient: 60_000 };

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
  readonly #selfTests: EngineSelfTests;
  readonly #known = { living: new Set<string>(), interpreterless: new Set<string>() };
  #connecting: Promise<EngineClient> | undefined;
  /** Undefined as long as no Engine has ever answered. */
  #engine: Engine | undefined;
  #isConnected = false;
  #isDisposed = false;
  /** What the last Engine that answered is like: while it is away, that is what can be expected. */
  #facts: EngineInfo | undefined;
  #reaper: Reaper | undefined;

  constructor(host: RuntimeHost) {
    const facts = dockerFacts(host);
    this.name = facts.name;
    this.type = facts.type;
    this.supportedEnvironments = facts.supportedEnvironments;
    this.#capabilities = facts.capabilities;
    this.#host = host;
    this.#settings = settingsOf(host);
    this.#installable = this.supportedEnvironments.filter((name) =>
      this.#settings.environments[name]?.install !== undefined
    );
    this.#probe = new Probe(() => this.#ask(), PROBE);
    this.#selfTests = new EngineSelfTests(host);
  }

  async isAvailable(environment?: string, options: AvailabilityOptions = {}): Promise<Availability> {
    const answer = await this.#probe.answer();
    if (!answer.available) return answer;
    const { fetchesNothing = false, assumesSelfTest = false } = options;
    if (!assumesSelfTest) await this.#selfTests.whenOver(undefined, { withinMs: SELF_TEST_WAIT_MS.usual });
    const isAssumed = assumesSelfTest && this.#selfTests.resultOf(undefined) === undefined;
    const why = isAssumed ? undefined : this.#selfTests.whyNot(undefined);
    if (why !== undefined) return { available: false, reason: why };
    if (environment === undefined || this.#engine === undefined) return answer;
    try {
      return await this.#engine.images.availability(environment, { fetchesNothing });
    } catch (error) {
      return { available: false, reason: messageOf(error) };
    }
  }

  whenSelfTested({ minIsolation, isPatient = false }: SelfTestDemand): Promise<void> | undefined {
    const withinMs = isPatient ? SELF_TEST_WAIT_MS.patient : SELF_TEST_WAIT_MS.usual;
    const ociRuntimes = new Set([undefined, ociRuntimeFor(minIsolation, this.#facts)]);
    const running = [...ociRuntimes].flatMap((name) => this.#selfTests.whenOver(name, { withinMs }) ?? []);
    return running.length === 0 ? undefined : Promise.all(running).then(() => {});
  }

  getCapabilities(): RuntimeCapabilities {
    return this.#capabilities;
  }

  /** Before the self-test is over it assumes that every promise is kept; no program runs until then. */
  async assess({ environment, permissions, minIsolation, resourceLimits }: RuntimeConfig): Promise<Assessment> {
    await this.#probe.answer();
    const ociRuntime = this.#ociRuntime(minIsolation);
    const cannotHonour = await this.#whyNot(permissions, minIsolation);
    return {
      isolation: isolationOf({ facts: this.#facts, ociRuntime, findings: this.#selfTests.findingsOf(ociRuntime) }),
      ...(this.#settings.environments[environment]?.compile === undefined
        ? {}
        : { memoryMb: boundsOf(resourceLimits, { compiling: true }).memoryMb }),
      ...(cannotHonour === undefined ? {} : { cannotHonour }),
    };
  }

  async diagnose(): Promise<Diagnosis> {
    const answer = await this.#probe.answer();
    const [engine, facts] = [this.#engine, this.#facts];
    if (!answer.available) return diagnosisWithout(answer.reason);
    const [selfTest, gvisorSelfTest] = await Promise.all(
      [undefined, GVISOR].map((name) => this.#selfTests.settled(name)),
    );
    if (engine === undefined || facts === undefined || selfTest === undefined) return diagnosisWithout("it was lost");
    const [whyNoNetwork, here] = await Promise.all([
      engine.programNetwork.whyNot(),
      engine.images.here(this.supportedEnvironments).catch(() => new Map<string, string>()), // The Engine was lost.
    ]);
    return {
      ...diagnosisOf({ facts, selfTest, gvisorSelfTest, whyNoNetwork }),
      languages: this.supportedEnvironments.map((name) => engine.images.finding(name, here.get(name))),
    };
  }

  async createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment> {
    const engine = await this.#answering();
    if (config.workspaceDirectory !== undefined) {
      throw new CodeBeakerError("permission_denied", "No directory of this host is mounted into a container");
    }
    const image = await engine.images.ensure(config.environment);
    await this.#demandSelfTest(engine, { config, image });
    const options = await this.#optionsFor(engine, { config, image });
    const installation = this.#installation(engine);
    const memory = await this.#promiseMemory(config);
    return await DockerEnvironment.create(installation, { ...options, ...memory }, {
      lease: await takeWarm(installation, options),
      session: await takeWarmSession(installation, options),
    });
  }

  /** What lies in an environment that lasts is memory, also while nothing runs in it. @throws {CodeBeakerError} `busy` */
  async #promiseMemory(
    { resourceLimits, singleUse }: RuntimeConfig,
  ): Promise<Pick<DockerEnvironmentOptions, "memory">> {
    if (singleUse === true || this.#host.memory === undefined) return {};
    const memory = await this.#host.memory.forSession(idleMemoryMb(resourceLimits));
    if (memory !== undefined) return { memory };
    throw new CodeBeakerError("busy", "Cannot make an environment now as others use too much memory", {
      details: { retryAfterMs: 1_000 },
    });
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
      await client.containers.remove(containerId);
      return undefined;
    }
    await this.#demandSelfTest(engine, { config, image });
    const options = await this.#optionsFor(engine, { config, image });
    const environment = await DockerEnvironment.reattach(installation, options, { id, containerId });
    if ((await client.containers.inspect(containerId))?.isRunning) return environment;
    await environment[Symbol.asyncDispose](); // What ran in it could not be ended without it.
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#selfTests[Symbol.asyncDispose]();
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
        this.#connecting = undefined; // The next probe tries again.
        throw cause;
      }));
      if (this.#isConnected) {
        await client.ping();
        if (this.#selfTests.isDue && this.#engine !== undefined) this.#beginSelfTests(this.#engine);
        return;
      }
      this.#facts = await client.info();
      this.#engine ??= {
        client,
        images: new Images(client.images, { settings: this.#settings, log: this.#host.log }),
        programNetwork: new ProgramNetwork({ ...client, address, openNetworks: this.#host.openNetworks }),
      };
      this.#isConnected = true;
      this.#startReaper(client);
      this.#beginSelfTests(this.#engine);
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

  #beginSelfTests(engine: Engine): void {
    const tested = this.#testedEngine(engine);
    if (this.#isDisposed || tested === undefined) return;
    this.#selfTests.begin(tested, [undefined, ...(GVISOR in tested.facts.runtimes ? [GVISOR] : [])]);
  }

  #testedEngine(engine: Engine): TestedEngine | undefined {
    const images = async () => [...new Set((await engine.images.here(this.supportedEnvironments)).values())];
    return this.#facts && { installation: this.#installation(engine), facts: this.#facts, images };
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` unless the self-test of a configuration's containers has passed */
  async #demandSelfTest(
    engine: Engine,
    { config: { environment, minIsolation }, image }: { readonly config: RuntimeConfig; readonly image: string },
  ): Promise<void> {
    const tested = this.#testedEngine(engine) ?? unreachable();
    const why = await this.#selfTests.demand(tested, { image, ociRuntime: this.#ociRuntime(minIsolation) });
    if (why === undefined) return;
    const reason = `the image ${image} is of no use: ${why}`;
    engine.images.recordFailure(environment, reason);
    throw new CodeBeakerError("runtime_unavailable", reason);
  }

  #installation({ client }: Engine): DockerInstallation {
    return { ...this.#host, ...this.#known, client, instance: this.#host.instance ?? unreachable() };
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
      hasCgroup: keepsCgroup(this.#facts, this.#ociRuntime(minIsolation)),
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
      containers: client.containers,
      instanceId: instance.id,
      isOurs: (session) => this.#known.living.has(session) || this.#host.recoverable.has(session),
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
    const why = whyNoNetwork(this.#facts, this.#ociRuntime(minIsolation));
    if (why !== undefined) return why;
    return await this.#engine.programNetwork.whyNot();
  }

  /** gVisor, where it is asked for and registered, and its self-test has found nothing. */
  #ociRuntime(minIsolation: number): string | undefined {
    const wanted = ociRuntimeFor(minIsolation, this.#facts);
    const isRefused = this.#selfTests.resultOf(wanted) !== undefined && this.#selfTests.whyNot(wanted) !== undefined;
    return isRefused ? undefined : wanted;
  }
}

async function connect(address: ReturnType<typeof parseEngineAddress>): Promise<EngineClient> {
  const { EngineClient } = await import("./engine/engine_client.ts");
  return await EngineClient.create(address);
}

function unreachable(): never {
  throw new CodeBeakerError("runtime_unavailable", "The Docker Engine was lost a moment ago");
}
