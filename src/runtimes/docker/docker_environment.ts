import { CodeBeakerError, hasCode, messageOf } from "../../core/errors.ts";
import { newId } from "../../core/ids.ts";
import { unsupportedLanguage } from "../../core/languages.ts";
import type { Limits } from "../../core/limits.ts";
import { settledWithin } from "../../concurrency/delay.ts";
import { Semaphore } from "../../concurrency/semaphore.ts";
import type { Lease } from "../warm/warm_member.ts";
import type { ExecutionEnvironment, Program, ProgramHandle, RunOptions } from "../port.ts";
import { type BesideLauncher, launchBeside } from "./program/beside_launcher.ts";
import type { Container } from "./container/container.ts";
import { ContainerBoundary } from "./container/container_bounds.ts";
import { ContainerFiles, type Operate } from "./files/container_files.ts";
import { ContainerProgram, type ProgramControl } from "./program/container_program.ts";
import { ContainerSet } from "./container/container_set.ts";
import {
  type DockerEnvironmentOptions,
  type DockerInstallation,
  KEEPER,
  type Outlived,
  watchDenials,
} from "./container/environment_container.ts";
import { RUNTIME_NAME } from "./settings.ts";
import { OWN_PROCESSES } from "./container/host_config.ts";
import { packArchive } from "./program/launcher.ts";
import { runAlone } from "./program/lone_program.ts";
import { type Installer, installPackages } from "./packages/package_installation.ts";
import { noInstaller } from "./packages/package_names.ts";
import { PendingFiles } from "./program/pending_files.ts";
import { WarmExec } from "./warm/warm_exec.ts";
import { killOrphanProcesses, makeRoom } from "./container/strays.ts";
import type { WarmContainer } from "./warm/warm_container.ts";
import type { WarmSession } from "./warm/warm_session.ts";
import type { ContainerSample } from "./engine/container_sample.ts";

/** How long disposal waits for what programs have to say, where no Engine ends them. */
const LAST_OUTCOMES_MS = 5_000;
const COMPILER_QUEUE_MS = 120_000;

/** What was made ahead of time for an environment: a container for its one program, or one that lasts. */
interface Given {
  readonly lease?: Lease<WarmContainer> | undefined;
  readonly session?: Lease<WarmSession> | undefined;
}

/**
 * A container with a workspace in memory. A lasting one is kept alive by a process of another user, and each program
 * and each operation on its files is started beside that. One for a single use is started when its program is known:
 * the files go along with it, and the program's launcher is its main process, which saves the Engine two starts.
 */
export class DockerEnvironment implements ExecutionEnvironment {
  readonly id: string;
  readonly language: string;
  readonly files: PendingFiles;
  readonly #installation: DockerInstallation;
  readonly #options: DockerEnvironmentOptions;
  readonly #bounds: ContainerBoundary;
  readonly #containers: ContainerSet;
  readonly #leases: readonly (AsyncDisposable | undefined)[];
  readonly #waitingContainer: WarmContainer | undefined;
  readonly #running = new Set<ProgramHandle>();
  readonly #warm: WarmExec;
  readonly #operating = new Set<Promise<unknown>>();
  /** Programs that have not begun. */
  #starting = 0;
  #lasting: Promise<Container> | undefined;
  #cleaning: Promise<void> = Promise.resolve();
  /** One compiler at a time, whose bounds are not those of programs. */
  readonly #compiler = new Semaphore(1);
  #isWarm = false;
  #isDisposed = false;

  private constructor(
    installation: DockerInstallation,
    options: DockerEnvironmentOptions,
    { lease, outlived, session }: Given & { readonly outlived?: Outlived } = {},
  ) {
    this.#leases = [lease, session];
    this.#waitingContainer = lease?.member;
    this.#containers = session?.member.containers ??
      new ContainerSet(installation, options, outlived?.id ?? newId("env"));
    this.#warm = session?.member.warm ?? new WarmExec(installation.memory);
    this.#lasting = session && Promise.resolve(session.member.container);
    this.id = this.#containers.id;
    this.#installation = installation;
    this.#options = options;
    this.language = options.config.environment;
    this.#bounds = new ContainerBoundary(installation, options, { isMade: outlived === undefined });
    const inContainer = new ContainerFiles((operate) => this.#operate(operate));
    this.files = new PendingFiles(inContainer, {
      waits: options.config.singleUse === true && outlived === undefined,
      writeSoon: (file) => this.#warm.write(file),
    });
    if (outlived !== undefined) this.#lasting = Promise.resolve(this.#containers.adopt(outlived.containerId));
  }

  /** @param given what was made ahead of time for it, which is its own from now on */
  static async create(
    installation: DockerInstallation,
    options: DockerEnvironmentOptions,
    given: Given = {},
  ): Promise<DockerEnvironment> {
    const environment = new DockerEnvironment(installation, options, given);
    if (environment.files.wait) return environment;
    try {
      await environment.#container();
      if (given.session === undefined) environment.#waitSoon();
      else await environment.#warm.keep();
      return environment;
    } catch (error) {
      await environment[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * An environment around a lasting container of an earlier process, in which nothing runs any more when this returns.
   * Its programs get the variables that the container was made with.
   *
   * @throws {CodeBeakerError} `runtime_unavailable`; the container is left as it is
   */
  static async reattach(
    installation: DockerInstallation,
    options: DockerEnvironmentOptions,
    outlived: Outlived,
  ): Promise<DockerEnvironment> {
    const environment = new DockerEnvironment(installation, options, { outlived });
    try {
      await environment.#killOrphanProcesses(await environment.#container());
      return environment;
    } catch (error) {
      environment.#containers.abandon();
      throw error;
    }
  }

  get warm(): boolean {
    return this.#isWarm;
  }

  mainFile(language = this.language): string {
    if (language !== this.language) throw unsupportedLanguage(language, [this.language]);
    return this.#options.spec.file;
  }

  async run(program: Program, options: RunOptions): Promise<ProgramHandle> {
    const isForInstaller = program.kind === "install" && this.#options.installs !== true;
    const handle = isForInstaller
      ? await this.#install(program.packages, options)
      : await this.#startProgram(program, options);
    this.#running.add(handle);
    handle.outcome.then(({ kind }) => {
      this.#running.delete(handle);
      this.#clean({ isFull: kind === "disk_limit" });
      this.#waitSoon();
    });
    if (this.#isDisposed) handle.kill("SIGKILL");
    return handle;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    using _memory = this.#options.memory;
    for (const program of this.#running) program.kill("SIGKILL");
    await this.#lasting?.catch(() => {}); // It was told to whoever asked for it.
    await Promise.all([this.#containers, ...this.#leases].map((owned) => owned?.[Symbol.asyncDispose]()));
    await this.#warm[Symbol.asyncDispose](); // It has ended with its container.
    await settledWithin(Promise.all([...this.#running].map(({ outcome }) => outcome)), LAST_OUTCOMES_MS);
    await this.#cleaning;
  }

  /** What installs packages has a network, so that it runs in a container of its own. */
  #install(packages: readonly string[], options: RunOptions): Promise<ProgramHandle> {
    const { installable, spec } = this.#options;
    if (spec.install === undefined) throw noInstaller(this.language, installable);
    return installPackages(packages, options, {
      install: spec.install,
      files: this.files,
      lend: (operate) => this.#operate(operate),
      openInstaller: () => this.#openInstaller(),
    });
  }

  async #openInstaller(): Promise<Installer> {
    const network = await this.#options.installNetwork();
    const { memory: _own, ...shared } = this.#options;
    const config = { ...shared.config, environmentVariables: {}, singleUse: false };
    const options = { ...shared, config, network, installs: true };
    const installer = await DockerEnvironment.create(this.#installation, options);
    return {
      run: (packages, options) => installer.run({ kind: "install", packages }, options),
      lend: (operate) => installer.#operate(operate),
      [Symbol.asyncDispose]: () => installer[Symbol.asyncDispose](),
    };
  }

  async #startProgram(program: Program, given: RunOptions): Promise<ContainerProgram> {
    const { diskMb } = this.#options.config.resourceLimits; // The files are the environment's.
    const options = { ...given, limits: { ...given.limits, diskMb } };
    this.#starting++;
    try {
      return this.files.wait ? await this.#runAlone(program, options) : await this.#runBeside(program, options);
    } finally {
      this.#starting--;
    }
  }

  async #runAlone(program: Program, { env, ...options }: RunOptions): Promise<ContainerProgram> {
    const run = { ...options, env: this.#variables(env), files: this.files.take() };
    const started = await runAlone(program, run, {
      installation: this.#installation,
      options: this.#options,
      containers: this.#containers,
      waiting: this.#waitingContainer,
      controlOf: (container, limits) => this.#controlOf(container, limits),
    });
    this.#isWarm = started.isWarm;
    return started.program;
  }

  /** A program in the lasting container. Whatever it leaves running ends with the last program there. */
  async #runBeside(program: Program, { env, limits, signal }: RunOptions): Promise<ContainerProgram> {
    await this.#cleaning;
    const container = await this.#container();
    const compiles = this.#compiles(program);
    using _turn = compiles ? await this.#compiler.acquire({ timeoutMs: COMPILER_QUEUE_MS, signal }) : undefined;
    await this.#bounds.set(container.id, { compiling: compiles, limits });
    const launched = await this.#launchBeside(container, program, env);
    if (this.#keepsOne) this.#installation.pool?.count(RUNTIME_NAME, { isHit: launched.isWarm });
    const start = async ({ execId, isWarm, launcher, told }: BesideLauncher) => {
      const control: ProgramControl = {
        signal: (name, pid) => this.#signalBeside(container, name, pid),
        ended: (waiting) => container.execEnded(execId, waiting),
        ...this.#controlOf(container, limits),
      };
      const denials = watchDenials(program, { ...this.#installation, ...this.#options });
      this.#isWarm = isWarm;
      return await ContainerProgram.start({ launcher, told, control, compiles, limits, denials }, { signal });
    };
    return await start(launched).catch(async (error: unknown) => {
      if (!launched.isWarm || !hasCode(error, "runtime_unavailable")) throw error;
      await this.#signalBeside(container, "SIGKILL", launched.launcher.pid).catch(() => {}); // It must not run it as well.
      return await start(await this.#launchBeside(container, program, env)); // What waited was lost meanwhile.
    });
  }

  #launchBeside(container: Container, program: Program, env: RunOptions["env"]): Promise<BesideLauncher> {
    const { spec } = this.#options;
    return launchBeside(container, program, { env: this.#variables(env), warm: this.#warm, spec });
  }

  /** Whether a launcher is kept ready for the next program, on no shelf. */
  get #keepsOne(): boolean {
    return this.#options.config.singleUse !== true && this.#options.installs !== true;
  }

  /** Has a launcher wait for the next program of a container that lasts, for as long as one is run now and then. */
  #waitSoon(): void {
    if (!this.#keepsOne) return;
    this.#installation.pool?.schedule(this, async () => {
      await this.#cleaning;
      if (this.#isDisposed || this.#running.size + this.#starting > 0 || this.#warm.isOccupied) return;
      const place = { ...this.#installation, ...this.#options, variables: this.#variables({}) };
      await this.#warm.prepare(await this.#container(), place);
    });
  }

  #variables(env: RunOptions["env"]): Record<string, string> {
    return { ...this.#options.config.environmentVariables, ...env };
  }

  #controlOf({ group, id }: Container, limits: Limits): Omit<ProgramControl, "signal" | "ended"> {
    const own = this.#keepsOne ? OWN_PROCESSES.lasting : OWN_PROCESSES.alone;
    return {
      group,
      ownProcesses: () => this.#isAlone && this.#options.installs !== true ? own : undefined,
      sample: () => this.#sample(id),
      onCompiled: () => this.#bounds.set(id, { compiling: false, limits }),
      ping: () => this.#installation.client.ping(),
    };
  }

  async #sample(id: string): Promise<ContainerSample | undefined> {
    return this.#options.hasCgroup ? await this.#installation.client.containers.sample(id) : undefined;
  }

  /** Before its launcher has told its number there is nobody to signal; it is signalled then. */
  async #signalBeside(container: Container, name: string, pid: number | undefined): Promise<boolean> {
    if (name === "SIGKILL" && this.#isAlone) return await container.signal(name, -1);
    return pid !== undefined && pid > 1 && await container.signal(name, -pid);
  }

  /** Sees to it that nothing of the last program in a lasting container goes on. */
  #clean(options: { readonly isFull: boolean }): void {
    const lasting = this.#lasting;
    if (lasting === undefined || this.#running.size + this.#starting > 0 || this.#isDisposed) return;
    const operating = [...this.#operating]; // What begins from now on waits for the end of the cleaning.
    this.#cleaning = this.#cleaning
      .then(() => Promise.allSettled(operating))
      .then(async () => this.#isDisposed ? undefined : await this.#killOrphanProcesses(await lasting, options))
      .catch((error: unknown) =>
        this.#installation.log.warning("a container cannot be cleaned", {
          environment: this.id,
          error: messageOf(error),
        })
      );
  }

  async #killOrphanProcesses(container: Container, { isFull } = { isFull: false }): Promise<void> {
    await killOrphanProcesses(container, { sample: () => this.#sample(container.id) });
    if (isFull) await makeRoom(container);
    await this.#bounds.set(container.id, { compiling: false }); // A compiler, or a program, left its own.
  }

  get #isAlone(): boolean {
    return this.#running.size + this.#starting <= 1 && this.#operating.size === 0;
  }

  /** It counts as operating from now on, so that nobody takes what it starts for a stray. */
  #operate<T>(operate: Operate<T>): Promise<T> {
    const held: Promise<void>[] = [];
    const operation = this.#cleaning.then(() => this.#container())
      .then((container) => operate(container, (until) => held.push(until)));
    const whole = operation.then(() => Promise.all(held)).catch(() => {}).then(() => { // Its caller is told.
      this.#operating.delete(whole);
    });
    this.#operating.add(whole);
    return operation;
  }

  /** The lasting container, with the files that were waiting for one. */
  #container(): Promise<Container> {
    if (this.#isDisposed) {
      return Promise.reject(new CodeBeakerError("runtime_unavailable", "The environment has been disposed of"));
    }
    return this.#lasting ??= this.#startLasting();
  }

  async #startLasting(): Promise<Container> {
    const waiting = this.files.take();
    const { container } = await this.#containers.start(KEEPER, async () => {});
    if (waiting.size > 0) {
      await new ContainerFiles((operate) => operate(container, () => {})).unpack(await packArchive(waiting));
    }
    return container;
  }

  #compiles(program: Program): boolean {
    return program.kind === "file" && this.#options.spec.compile !== undefined;
  }
}
