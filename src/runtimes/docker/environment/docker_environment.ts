import { settledWithin } from "../../../concurrency/delay.ts";
import { hasCompiled } from "../../../core/execution.ts";
import { newId } from "../../../core/ids.ts";
import { unsupportedLanguage } from "../../../core/languages.ts";
import type { ExecutionEnvironment, Program, ProgramHandle, RunOptions } from "../../port.ts";
import type { Lease } from "../../warm/warm_member.ts";
import type { Container } from "../container/container.ts";
import { OWN_PROCESSES } from "../container/container_limits.ts";
import { ContainerSet } from "../container/container_set.ts";
import { CurrentBounds } from "../container/current_bounds.ts";
import { DenialWatch } from "../program/denial_watch.ts";
import type { ContainerSample } from "../engine/container_sample.ts";
import { ContainerFiles } from "../files/container_files.ts";
import { PendingFiles } from "../files/pending_files.ts";
import { type Installer, installPackages } from "../packages/package_installation.ts";
import { noInstaller } from "../packages/package_names.ts";
import type { ContainerProgram } from "../program/container_program.ts";
import type { CompilingOptions, ProgramParts } from "../program/program_control.ts";
import { isCompiled, sharedOutput } from "../program/launcher_command.ts";
import { SessionPrograms } from "../program/session_program.ts";
import { runSingleUse } from "../program/single_use_program.ts";
import { RUNTIME_NAME } from "../settings.ts";
import { WarmExec } from "../warm/warm_exec.ts";
import type { WarmContainer } from "../warm/warm_container.ts";
import type { WarmSession } from "../warm/warm_session.ts";
import type { DockerEnvironmentOptions, DockerInstallation } from "./environment_options.ts";
import { SessionContainer } from "./session_container.ts";

/** How long disposal waits for the outcomes of its programs when the Engine is lost. */
const LAST_OUTCOMES_MS = 5_000;

/** The warm parts of a new environment, which takes them over. */
interface WarmParts {
  /** The container for the program of a single use. */
  readonly container?: Lease<WarmContainer> | undefined;
  readonly session?: Lease<WarmSession> | undefined;
}

/** The session container of a lost service. */
interface Recovered {
  /** The environment's own id. */
  readonly id: string;
  readonly containerId: string;
}

/**
 * An environment in containers, with its workspace in memory. A session runs its programs beside the pause process of one
 * container. A single use starts its container with its program: the files go along, and the program's launcher is the
 * main process, which saves the Engine two starts.
 */
export class DockerEnvironment implements ExecutionEnvironment {
  readonly id: string;
  readonly language: string;
  readonly files: PendingFiles;
  readonly #installation: DockerInstallation;
  readonly #options: DockerEnvironmentOptions;
  readonly #bounds: CurrentBounds;
  readonly #containers: ContainerSet;
  readonly #session: SessionContainer;
  readonly #sessionPrograms: SessionPrograms;
  readonly #leases: readonly (AsyncDisposable | undefined)[];
  readonly #warmContainer: WarmContainer | undefined;
  /** The launcher that waits for the next program of a session. */
  readonly #warmLauncher: WarmExec;
  readonly #running = new Set<ProgramHandle>();
  /** The number of programs that have not begun. */
  #starting = 0;
  #isWarm = false;
  #isDisposed = false;

  private constructor(
    installation: DockerInstallation,
    options: DockerEnvironmentOptions,
    { container, recovered, session }: WarmParts & { readonly recovered?: Recovered } = {},
  ) {
    this.#installation = installation;
    this.#options = options;
    this.language = options.config.environment;
    this.#leases = [container, session];
    this.#warmContainer = container?.member;
    this.#warmLauncher = session?.member.warm ?? new WarmExec(installation.memory);
    this.#containers = session?.member.containers ??
      new ContainerSet(installation, options, recovered?.id ?? newId("env"));
    this.id = this.#containers.id;
    const isRecovered = recovered !== undefined;
    this.#bounds = new CurrentBounds(installation.client.containers, options, { isRecovered });
    this.#session = new SessionContainer({
      installation,
      containers: this.#containers,
      bounds: this.#bounds,
      started: recovered === undefined ? session?.member.container : this.#containers.adopt(recovered.containerId),
      takeFiles: () => this.files.take(),
      hasPrograms: () => this.#hasPrograms,
      sample: (containerId) => this.#sample(containerId),
    });
    this.files = new PendingFiles(new ContainerFiles((operate) => this.#session.lend(operate)), {
      isPending: options.config.singleUse === true && !isRecovered,
      writeByLauncher: (file) => this.#warmLauncher.write(file),
    });
    this.#sessionPrograms = new SessionPrograms({
      spec: options.spec,
      session: this.#session,
      bounds: this.#bounds,
      warmLauncher: this.#warmLauncher,
      isAlone: () => this.#isAlone,
      partsOf: (program, container, options) => this.#partsOf(program, container, options),
    });
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` */
  static async create(
    installation: DockerInstallation,
    options: DockerEnvironmentOptions,
    warm: WarmParts = {},
  ): Promise<DockerEnvironment> {
    const environment = new DockerEnvironment(installation, options, warm);
    if (environment.files.arePending) return environment;
    try {
      await environment.#session.get();
      if (warm.session === undefined) environment.#warmUp();
      else await environment.#warmLauncher.keep();
      return environment;
    } catch (error) {
      await environment[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Recovers the environment of a lost service's session container. Its orphan processes are killed. Its programs get
   * the variables with which the container was made.
   *
   * @throws {CodeBeakerError} `runtime_unavailable`; the container is left as it is
   */
  static async recover(
    installation: DockerInstallation,
    options: DockerEnvironmentOptions,
    recovered: Recovered,
  ): Promise<DockerEnvironment> {
    const environment = new DockerEnvironment(installation, options, { recovered });
    try {
      await environment.#session.killOrphans(await environment.#session.get());
      return environment;
    } catch (error) {
      environment.#containers.abandon();
      throw error;
    }
  }

  get warm(): boolean {
    return this.#isWarm;
  }

  get compiles(): boolean {
    return this.#options.spec.compile !== undefined;
  }

  mainFile(language = this.language): string {
    if (language !== this.language) throw unsupportedLanguage(language, [this.language]);
    return this.#options.spec.file;
  }

  async run(program: Program, options: RunOptions): Promise<ProgramHandle> {
    const handle = program.kind === "install" && this.#options.installs !== true
      ? await this.#install(program.packages, options)
      : await this.#start(program, options);
    if (program.kind === "file") this.#share(program, handle);
    this.#running.add(handle);
    handle.outcome.then(({ kind }) => {
      this.#running.delete(handle);
      this.#session.clean({ isFull: kind === "disk_limit" });
      this.#warmUp();
    });
    if (this.#isDisposed) handle.kill("SIGKILL");
    return handle;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    using _memory = this.#options.memory;
    for (const program of this.#running) program.kill("SIGKILL");
    await this.#session.close();
    await Promise.all([this.#containers, ...this.#leases].map((owned) => owned?.[Symbol.asyncDispose]()));
    await this.#warmLauncher[Symbol.asyncDispose](); // It has ended with its container.
    await settledWithin(Promise.all([...this.#running].map(({ outcome }) => outcome)), LAST_OUTCOMES_MS);
    await this.#session.cleaned;
  }

  /** Lets later runs use what the compiler of a shared build has made. */
  #share({ build }: Extract<Program, { kind: "file" }>, { compile }: ProgramHandle): void {
    if (build === undefined || build.made !== undefined || compile === undefined || !hasCompiled(compile)) return;
    const output = sharedOutput(build);
    build.made = {
      compile,
      output,
      remove: async () => {
        if (this.#isDisposed || !this.#isSession) return; // The container goes with it.
        const command = { kind: "shell", command: "rm", args: ["-rf", "--", output], workingDirectory: "." } as const;
        const removal = await this.run(command, { env: {}, limits: this.#options.config.resourceLimits });
        await removal.output.cancel();
        await removal.outcome;
      },
    };
  }

  get noPackages(): string | undefined {
    return this.#options.spec.install === undefined
      ? `the image of ${this.language} installs none: name one that has the package (docs/docker.md)`
      : undefined;
  }

  /** Installs packages in a container of their own. No program may share the installer's network. */
  #install(packages: readonly string[], options: RunOptions): Promise<ProgramHandle> {
    const { installable, spec } = this.#options;
    if (spec.install === undefined) throw noInstaller(this.language, installable);
    return installPackages(packages, options, {
      install: spec.install,
      files: this.files,
      lend: (operate) => this.#session.lend(operate),
      openInstaller: () => this.#openInstaller(),
    });
  }

  async #openInstaller(): Promise<Installer> {
    const network = await this.#options.openInstallNetwork();
    const { memory: _own, ...shared } = this.#options;
    const config = { ...shared.config, environmentVariables: {}, singleUse: false };
    const options = { ...shared, config, network, installs: true };
    const installer = await DockerEnvironment.create(this.#installation, options);
    return {
      run: (packages, options) => installer.run({ kind: "install", packages }, options),
      lend: (operate) => installer.#session.lend(operate),
      [Symbol.asyncDispose]: () => installer[Symbol.asyncDispose](),
    };
  }

  async #start(program: Program, given: RunOptions): Promise<ContainerProgram> {
    const options = {
      ...given,
      env: { ...this.#options.config.environmentVariables, ...given.env },
      limits: { ...given.limits, diskMb: this.#options.config.resourceLimits.diskMb }, // The environment owns the files.
    };
    this.#starting++;
    try {
      const started = this.files.arePending
        ? await runSingleUse(program, { ...options, files: this.files.take() }, {
          installation: this.#installation,
          spec: this.#options.spec,
          containers: this.#containers,
          warm: this.#warmContainer,
          partsOf: (program, container, options) => this.#partsOf(program, container, options),
        })
        : await this.#sessionPrograms.run(program, options, {
          onLaunched: ({ isWarm }) =>
            this.#isSession && this.#installation.pool?.count(RUNTIME_NAME, { isHit: isWarm }),
        });
      this.#isWarm = started.isWarm;
      return started.program;
    } finally {
      this.#starting--;
    }
  }

  /** Prepares a launcher for the next program of a session. Called at its start and after each program. */
  #warmUp(): void {
    if (!this.#isSession) return;
    this.#installation.pool?.schedule(this, async () => {
      await this.#session.cleaned;
      if (this.#isDisposed || this.#hasPrograms || this.#warmLauncher.isOccupied) return;
      const variables = { ...this.#options.config.environmentVariables };
      const place = { ...this.#installation, ...this.#options, variables };
      await this.#warmLauncher.prepare(await this.#session.get(), place);
    });
  }

  #partsOf(program: Program, { group, id }: Container, { limits, compileMs }: CompilingOptions): ProgramParts {
    const { config: { permissions }, installs, spec } = this.#options;
    const { client, openNetworks } = this.#installation;
    const own = this.#isSession ? OWN_PROCESSES.session : OWN_PROCESSES.singleUse;
    return {
      compiles: isCompiled(program, spec),
      denials: program.kind === "install" ? undefined : new DenialWatch({ permissions, openNetworks }),
      limits,
      compileMs,
      control: {
        group,
        ownProcesses: () => this.#isAlone && installs !== true ? own : undefined,
        sample: () => this.#sample(id),
        onCompiled: () => this.#bounds.set(id, { compiling: false, limits }),
        ping: () => client.ping(),
      },
    };
  }

  async #sample(containerId: string): Promise<ContainerSample | undefined> {
    return this.#options.hasCgroup ? await this.#installation.client.containers.sample(containerId) : undefined;
  }

  /** Whether this is a session, in which programs of a client follow one another. */
  get #isSession(): boolean {
    return this.#options.config.singleUse !== true && this.#options.installs !== true;
  }

  get #hasPrograms(): boolean {
    return this.#running.size + this.#starting > 0;
  }

  /** Whether at most one program, and no operation on files, is in the container. */
  get #isAlone(): boolean {
    return this.#running.size + this.#starting <= 1 && !this.#session.isOperating;
  }
}
