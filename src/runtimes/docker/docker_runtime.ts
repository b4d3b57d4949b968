import type { Availability } from "../../core/capabilities.ts";
import type { Diagnosis } from "../../core/diagnosis.ts";
import { runtimeUnavailable } from "../../core/errors.ts";
import type { Needs, Surface } from "../../core/needs.ts";
import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import { Instance } from "../../host/instance.ts";
import type { RuntimeFacts } from "../entry.ts";
import type {
  Assessment,
  AvailabilityOptions,
  ExecutionEnvironment,
  LoadedRuntime,
  RuntimeConfig,
  RuntimeHost,
  SelfTestDemand,
} from "../port.ts";
import { boundsOf } from "./container/container_limits.ts";
import { ProgramNetwork } from "./container/program_network.ts";
import { Reaper } from "./container/reaper.ts";
import { type ConnectedEngine, EngineConnection } from "./engine/engine_connection.ts";
import { EnvironmentFactory } from "./environment/environment_factory.ts";
import { dockerFacts } from "./facts.ts";
import { ImageModules } from "./images/image_modules.ts";
import { Images } from "./images/images.ts";
import { toUnavailable } from "../self_test/probe.ts";
import { diagnosisOf, diagnosisWithout } from "./self_test/diagnosis.ts";
import { EngineSelfTests } from "./self_test/engine_self_tests.ts";
import { GVISOR, isolationOf, ociRuntimeFor } from "./self_test/isolation.ts";
import { type DockerSettings, settingsOf } from "./settings.ts";

/** How long a request waits for a self-test, and how long a patient one waits. */
const SELF_TEST_WAIT_MS = { usual: 2_000, patient: 60_000 };

/** Creates the runtime for one host. */
export function createDockerRuntime(host: RuntimeHost): LoadedRuntime {
  return new DockerRuntime(host);
}

/** The parts of the runtime that need an Engine. They are made once, when the Engine first answers. */
interface EngineParts {
  readonly factory: EnvironmentFactory;
  readonly images: Images;
  readonly modules: ImageModules;
  readonly programNetwork: ProgramNetwork;
  readonly reaper: Reaper;
}

class DockerRuntime implements LoadedRuntime {
  readonly #facts: RuntimeFacts;
  readonly #host: RuntimeHost;
  readonly #settings: DockerSettings;
  readonly #connection: EngineConnection;
  readonly #selfTests: EngineSelfTests;
  #parts: EngineParts | undefined;
  #isDisposed = false;

  constructor(host: RuntimeHost) {
    this.#facts = dockerFacts(host);
    this.#host = host;
    this.#settings = settingsOf(host);
    this.#selfTests = new EngineSelfTests(host);
    this.#connection = new EngineConnection({
      ...this.#settings,
      onConnect: (engine) => this.#begin(engine),
      onAnswer: () => this.#selfTests.isDue ? this.#beginSelfTests() : undefined,
    });
  }

  async isAvailable(environment?: string, options: AvailabilityOptions = {}): Promise<Availability> {
    const answer = await this.#probe();
    if (!answer.available) return answer;
    const { fetchesNothing = false, assumesSelfTest = false } = options;
    if (!assumesSelfTest) await this.#selfTests.whenOver(undefined, { withinMs: SELF_TEST_WAIT_MS.usual });
    const isAssumed = assumesSelfTest && this.#selfTests.resultOf(undefined) === undefined;
    const why = isAssumed ? undefined : this.#selfTests.whyNot(undefined);
    if (why !== undefined) return { available: false, ...why };
    if (environment === undefined || this.#parts === undefined) return answer;
    try {
      return await this.#parts.images.availability(environment, { fetchesNothing });
    } catch (error) {
      return toUnavailable(error);
    }
  }

  pendingSelfTest({ minIsolation, isPatient = false }: SelfTestDemand): (() => Promise<void>) | undefined {
    const withinMs = isPatient ? SELF_TEST_WAIT_MS.patient : SELF_TEST_WAIT_MS.usual;
    const ociRuntimes = new Set([undefined, ociRuntimeFor(minIsolation, this.#connection.info)]);
    const running = [...ociRuntimes].flatMap((name) => this.#selfTests.whenOver(name, { withinMs }) ?? []);
    return running.length === 0 ? undefined : () => Promise.all(running).then(() => {});
  }

  surface(environment: string): Surface | undefined {
    return this.#facts.surface?.(environment) ?? this.#parts?.modules.surface(environment);
  }

  /** Without an Engine, its address alone decides. With one, images and self-tests change by themselves. */
  revision(): number | undefined {
    return this.#connection.revision;
  }

  learnSurface(environment: string, needs: Needs): Promise<void> | undefined {
    return this.#parts?.modules.learn(environment, needs);
  }

  /**
   * Assesses a configuration. Before the self-test is over, every promise counts as kept: no program runs until then.
   */
  async assess({ environment, permissions, minIsolation, resourceLimits }: RuntimeConfig): Promise<Assessment> {
    await this.#probe();
    const ociRuntime = this.#parts?.factory.ociRuntime(minIsolation);
    const facts = this.#connection.info;
    const cannotHonour = await this.#whyNotHonoured(permissions, minIsolation);
    return {
      isolation: isolationOf({ facts, ociRuntime, findings: this.#selfTests.findingsOf(ociRuntime) }),
      ...(this.#selfTests.resultOf(ociRuntime) === undefined ? { assumesSelfTest: true } : {}),
      ...(this.#settings.environments[environment]?.compile === undefined
        ? {}
        : { memoryMb: boundsOf(resourceLimits, { compiling: true }).memoryMb }),
      ...(cannotHonour === undefined ? {} : { cannotHonour }),
    };
  }

  async diagnose(): Promise<Diagnosis> {
    const answer = await this.#probe();
    const [parts, facts] = [this.#parts, this.#connection.info];
    if (!answer.available) return diagnosisWithout(answer);
    const [selfTest, gvisorSelfTest] = await Promise.all(
      [undefined, GVISOR].map((name) => this.#selfTests.settled(name)),
    );
    if (parts === undefined || facts === undefined || selfTest === undefined) {
      return diagnosisWithout({ reason: "the Docker Engine was lost" });
    }
    const { images, programNetwork } = parts;
    const [whyNoNetwork, here] = await Promise.all([
      programNetwork.whyNot(),
      images.here(this.#facts.supportedEnvironments).catch(() => new Map<string, string>()), // The Engine was lost.
    ]);
    return {
      ...diagnosisOf({ facts, selfTest, gvisorSelfTest, whyNoNetwork }),
      languages: this.#facts.supportedEnvironments.map((name) => images.finding(name, here.get(name))),
    };
  }

  async createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment> {
    return await (await this.#demandFactory()).create(config);
  }

  async reattachEnvironment(id: string, config: RuntimeConfig): Promise<ExecutionEnvironment | undefined> {
    return await (await this.#demandFactory()).recover(id, config);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#selfTests[Symbol.asyncDispose]();
    await this.#parts?.modules[Symbol.asyncDispose]();
    await this.#parts?.reaper[Symbol.asyncDispose]();
  }

  async #probe(): Promise<Availability> {
    if (this.#host.instance !== undefined) return await this.#connection.probe();
    return { available: false, reason: "no home directory can be kept here", remedy: "name a directory (--home)" };
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` */
  async #demandFactory(): Promise<EnvironmentFactory> {
    const answer = await this.#probe();
    if (!answer.available) {
      const { available: _, ...obstacle } = answer;
      throw runtimeUnavailable(obstacle);
    }
    if (this.#parts === undefined) throw runtimeUnavailable({ reason: "the Docker Engine was lost" });
    return this.#parts.factory;
  }

  #begin(engine: ConnectedEngine): void {
    const { instance } = this.#host;
    if (instance === undefined || this.#isDisposed) return;
    this.#parts ??= this.#createParts(engine, instance);
    this.#parts.reaper.start();
    this.#beginSelfTests();
  }

  #createParts({ address, client, info }: ConnectedEngine, instance: Instance): EngineParts {
    const { clock, home, log, openNetworks, progress, recoverable } = this.#host;
    const living = new Set<string>();
    const images = new Images(client.images, { settings: this.#settings, log, progress });
    const programNetwork = new ProgramNetwork({ networks: client.networks, address, openNetworks });
    const factory = new EnvironmentFactory({
      host: this.#host,
      settings: this.#settings,
      supportedEnvironments: this.#facts.supportedEnvironments,
      installation: { ...this.#host, client, instance, living, interpreterless: new Set() },
      images,
      programNetwork,
      selfTests: this.#selfTests,
      info: () => this.#connection.info ?? info,
    });
    const reaper = new Reaper({
      containers: client.containers,
      instanceId: instance.id,
      isOurs: (environment) => living.has(environment) || recoverable.has(environment),
      stateOf: Instance.stateOf,
      log,
      clock,
    });
    const modules = new ImageModules({
      ...{ home, log, environments: this.#settings.environments },
      imageOf: (environment) => images.lastFound(environment),
      run: ({ image, ...program }, options) => factory.runIn(image, program, options),
    });
    return { factory, images, modules, programNetwork, reaper };
  }

  #beginSelfTests(): void {
    if (this.#isDisposed || this.#parts === undefined) return;
    const tested = this.#parts.factory.testedEngine();
    this.#selfTests.begin(tested, [undefined, ...(GVISOR in tested.facts.runtimes ? [GVISOR] : [])]);
  }

  async #whyNotHonoured(
    { allowNet, allowRead, allowWrite }: PermissionSettings,
    minIsolation: number,
  ): Promise<string | undefined> {
    if (allowRead.length + allowWrite.length > 0) return "containers mount no directory of this host";
    if (typeof allowNet === "object") return "a container's network cannot be restricted to a list of hosts";
    return allowNet ? await this.#parts?.factory.whyNoNetwork(minIsolation) : undefined;
  }
}
