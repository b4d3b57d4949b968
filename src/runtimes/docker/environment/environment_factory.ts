import { CodeBeakerError } from "../../../core/errors.ts";
import { DEFAULT_LIMITS } from "../../../core/limits.ts";
import { NO_PERMISSIONS } from "../../../core/permissions/permissions.ts";
import type { ExecutionEnvironment, RuntimeConfig, RuntimeHost } from "../../port.ts";
import { type Observed, runProgram } from "../../self_test/run_program.ts";
import type { ProgramNetwork } from "../container/program_network.ts";
import { findRecovered, type RecoveredContainer } from "../container/recovered_container.ts";
import type { EngineInfo } from "../engine/engine_info.ts";
import type { Images } from "../images/images.ts";
import type { EngineSelfTests, TestedEngine } from "../self_test/engine_self_tests.ts";
import { keepsCgroup, ociRuntimeFor, promisesOf, whyNoNetwork } from "../self_test/isolation.ts";
import type { DockerSettings } from "../settings.ts";
import { leaseWarmContainer, leaseWarmSession } from "../warm/warm_leases.ts";
import { DockerEnvironment } from "./docker_environment.ts";
import type { DockerEnvironmentOptions, DockerInstallation } from "./environment_options.ts";
import { idleMemoryMb } from "../container/container_limits.ts";

/** Everything that the environments of one Engine are made with. */
export interface EnvironmentFactoryOptions {
  readonly host: Pick<RuntimeHost, "log" | "memory">;
  readonly settings: Pick<DockerSettings, "environments">;
  readonly supportedEnvironments: readonly string[];
  readonly installation: DockerInstallation;
  readonly images: Images;
  readonly programNetwork: ProgramNetwork;
  readonly selfTests: EngineSelfTests;
  /** The Engine's last description of itself. */
  info(): EngineInfo;
}

/** The limits of a program of the service. */
const OWN_LIMITS = { ...DEFAULT_LIMITS, timeoutMs: 10_000 };

/** A configuration, and the image for it. */
interface ImageChoice {
  readonly config: RuntimeConfig;
  readonly image: string;
}

/** Makes and recovers environments on an Engine that has answered. */
export class EnvironmentFactory {
  readonly #options: EnvironmentFactoryOptions;
  /** The environment names for which packages can be installed. */
  readonly #installable: readonly string[];

  constructor(options: EnvironmentFactoryOptions) {
    const { settings, supportedEnvironments } = options;
    this.#options = options;
    this.#installable = supportedEnvironments.filter((name) => settings.environments[name]?.install !== undefined);
  }

  /** @throws {CodeBeakerError} as {@link ExecutionRuntime.createEnvironment} */
  async create(config: RuntimeConfig): Promise<ExecutionEnvironment> {
    const { images, installation } = this.#options;
    if (config.workspaceDirectory !== undefined) {
      throw new CodeBeakerError("permission_denied", "Containers mount no directory of this host");
    }
    const image = await images.ensure(config.environment);
    await this.#demandSelfTest({ config, image });
    const options = await this.#optionsFor({ config, image });
    const memory = await this.#reserveMemory(config);
    return await DockerEnvironment.create(installation, { ...options, ...memory }, {
      container: await leaseWarmContainer(installation, options),
      session: await leaseWarmSession(installation, options),
    });
  }

  /**
   * Runs a program of the service in an image that is here.
   *
   * @throws {CodeBeakerError} `runtime_unavailable`
   */
  async runIn(
    image: string,
    { environment, code }: { readonly environment: string; readonly code: string },
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Observed> {
    const config = {
      ...{ environment, environmentVariables: {}, resourceLimits: OWN_LIMITS, permissions: NO_PERMISSIONS },
      ...{ minIsolation: 0, singleUse: true },
    };
    await this.#demandSelfTest({ config, image });
    const options = await this.#optionsFor({ config, image });
    await using place = await DockerEnvironment.create(this.#options.installation, options);
    const path = place.mainFile();
    const program = { kind: "file", path, args: [] } as const;
    return await runProgram(place, { files: { [path]: code }, program }, { limits: OWN_LIMITS, signal });
  }

  /** @throws {CodeBeakerError} as {@link ExecutionRuntime.reattachEnvironment} */
  async recover(id: string, config: RuntimeConfig): Promise<ExecutionEnvironment | undefined> {
    const { host: { log }, installation } = this.#options;
    const { client: { containers }, instance } = installation;
    const recovered = await findRecovered({ containers }, { instanceId: instance.id, environmentId: id });
    if (recovered === undefined) return undefined;
    const { containerId, image } = recovered;
    const reason = await this.#whyNotReusable(recovered, config);
    if (reason !== undefined) {
      log.info("environment.not_recovered", { environment: id, reason });
      await containers.remove(containerId);
      return undefined;
    }
    await this.#demandSelfTest({ config, image });
    const options = await this.#optionsFor({ config, image });
    const environment = await DockerEnvironment.recover(installation, options, { id, containerId });
    if ((await containers.inspect(containerId))?.isRunning) return environment;
    await environment[Symbol.asyncDispose](); // Its orphan processes were killed by killing the container.
    return undefined;
  }

  /** The Engine as its self-tests take it. */
  testedEngine(): TestedEngine {
    const { images, info, installation, supportedEnvironments } = this.#options;
    return {
      installation,
      facts: info(),
      images: async () => [...new Set((await images.here(supportedEnvironments)).values())],
    };
  }

  /**
   * The OCI runtime for an isolation level; undefined for the Engine's default. It is gVisor if the level asks for it,
   * the Engine has it, and its self-test does not rule it out.
   */
  ociRuntime(minIsolation: number): string | undefined {
    const { info, selfTests } = this.#options;
    const wanted = ociRuntimeFor(minIsolation, info());
    const isRuledOut = selfTests.resultOf(wanted) !== undefined && selfTests.whyNot(wanted) !== undefined;
    return isRuledOut ? undefined : wanted;
  }

  /** Why containers with this isolation have no network; undefined when they can have one. */
  async whyNoNetwork(minIsolation: number): Promise<string | undefined> {
    const { info, programNetwork } = this.#options;
    return whyNoNetwork(info(), this.ociRuntime(minIsolation)) ?? await programNetwork.whyNot();
  }

  /** Memory for the files of a session while no program runs. @throws {CodeBeakerError} `busy` */
  async #reserveMemory(
    { resourceLimits, singleUse }: RuntimeConfig,
  ): Promise<Pick<DockerEnvironmentOptions, "memory">> {
    const budget = this.#options.host.memory;
    if (singleUse === true || budget === undefined) return {};
    const memory = await budget.forSession(idleMemoryMb(resourceLimits));
    if (memory !== undefined) return { memory };
    throw new CodeBeakerError("busy", "Cannot make an environment now as others use too much memory", {
      details: { retryAfterMs: 1_000 },
    });
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` unless the self-test of a configuration's containers has passed */
  async #demandSelfTest({ config: { environment, minIsolation }, image }: ImageChoice): Promise<void> {
    const { images, selfTests } = this.#options;
    const ociRuntime = this.ociRuntime(minIsolation);
    const why = await selfTests.demand(this.testedEngine(), { image, ociRuntime });
    if (why === undefined) return;
    const reason = unusable(image, why);
    images.recordFailure(environment, reason);
    throw new CodeBeakerError("runtime_unavailable", reason);
  }

  async #optionsFor({ config, image }: ImageChoice): Promise<DockerEnvironmentOptions> {
    const { images, info, programNetwork, settings } = this.#options;
    const { environment, minIsolation, permissions } = config;
    const spec = settings.environments[environment];
    if (spec === undefined) throw new CodeBeakerError("runtime_unavailable", `${environment} is not configured`);
    const ociRuntime = this.ociRuntime(minIsolation);
    return {
      config,
      spec,
      image,
      ociRuntime,
      network: permissions.allowNet === false ? undefined : await programNetwork.ensure(),
      hasCgroup: keepsCgroup(info(), ociRuntime),
      hasSeccomp: promisesOf(info(), ociRuntime).hasSeccomp,
      installable: this.#installable,
      openInstallNetwork: () => this.#openInstallNetwork(minIsolation),
      onUnusable: (reason) => images.recordFailure(environment, unusable(image, reason)),
    };
  }

  async #openInstallNetwork(minIsolation: number): Promise<string> {
    const why = await this.whyNoNetwork(minIsolation);
    if (why === undefined) return await this.#options.programNetwork.ensure();
    throw new CodeBeakerError(
      "permission_denied",
      `Cannot install packages as a container can have no network: ${why}`,
    );
  }

  /**
   * Why a recovered container is not reused; undefined when it is. A new container of the configuration must be like
   * it.
   */
  async #whyNotReusable(
    { network, ociRuntime }: RecoveredContainer,
    { environment, minIsolation, permissions }: RuntimeConfig,
  ): Promise<string | undefined> {
    const { programNetwork, settings } = this.#options;
    if (settings.environments[environment] === undefined) return "its language is no longer configured";
    const wanted = this.ociRuntime(minIsolation);
    if (wanted !== undefined && ociRuntime !== wanted) return `its container is not isolated by ${wanted}`;
    const wantedNetwork = permissions.allowNet === false ? "none" : await programNetwork.ensure();
    return network === wantedNetwork ? undefined : "its container's network follows other rules";
  }
}

function unusable(image: string, reason: string): string {
  return `the image ${image} cannot be used: ${reason}`;
}
