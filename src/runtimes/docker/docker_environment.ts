import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { newId } from "../../core/ids.ts";
import { unsupportedLanguage } from "../../core/languages.ts";
import type { Limits } from "../../core/limits.ts";
import { settledWithin } from "../../system/delay.ts";
import { Semaphore } from "../../system/semaphore.ts";
import type { ExecutionEnvironment, Program, ProgramHandle, RunOptions } from "../runtime.ts";
import { Container } from "./container.ts";
import { ContainerBoundary } from "./container_bounds.ts";
import { ContainerFiles, type Operate } from "./container_files.ts";
import { ContainerProgram, type ProgramControl } from "./container_program.ts";
import { isLost } from "./engine_call.ts";
import type { ContainerRequest, ContainerSample } from "./engine_client.ts";
import {
  type DockerEnvironmentOptions,
  type DockerInstallation,
  KEEPER,
  type MainProcess,
  requestFor,
} from "./environment_container.ts";
import { PROGRAM_USER } from "./host_config.ts";
import { IMAGE_CHECK, whyUnusable } from "./image_check.ts";
import { BLOCK_BYTES, INIT_VARIABLES, launcherArgv, packArchive } from "./launcher.ts";
import { type Installer, installPackages } from "./package_installation.ts";
import { noInstaller } from "./packages.ts";
import { PendingFiles } from "./pending_files.ts";
import { endStrays } from "./strays.ts";

/** How long disposal waits for what programs have to say, where no Engine ends them. */
const LAST_OUTCOMES_MS = 5_000;
const COMPILER_QUEUE_MS = 120_000;

/** What an environment outlived the process that made it in. */
export interface Outlived {
  /** The environment's own id. */
  readonly id: string;
  readonly containerId: string;
}

/**
 * A container with a workspace in memory. A lasting one is kept alive by a process of another user, and each program and each
 * operation on its files is started beside that. One for a single use is started when its program is known: the files go
 * along with it, and the program's launcher is its main process, which saves two starts of processes by the Engine.
 */
export class DockerEnvironment implements ExecutionEnvironment {
  readonly id: string;
  readonly language: string;
  readonly warm = false;
  readonly files: PendingFiles;
  readonly #installation: DockerInstallation;
  readonly #options: DockerEnvironmentOptions;
  readonly #bounds: ContainerBoundary;
  readonly #containerIds = new Set<string>();
  readonly #running = new Set<ProgramHandle>();
  readonly #operating = new Set<Promise<unknown>>();
  /** Programs that have not begun. */
  #starting = 0;
  #lasting: Promise<Container> | undefined;
  #cleaning: Promise<void> = Promise.resolve();
  /** One compiler at a time, whose bounds are not those of programs. */
  readonly #compiler = new Semaphore(1);
  #isDisposed = false;

  private constructor(
    installation: DockerInstallation,
    options: DockerEnvironmentOptions,
    { outlived }: { readonly outlived?: Outlived } = {},
  ) {
    this.id = outlived?.id ?? newId("env");
    this.#installation = installation;
    this.#options = options;
    this.language = options.config.environment;
    this.#bounds = new ContainerBoundary(installation, options, { isMade: outlived === undefined });
    const inContainer = new ContainerFiles((operate) => this.#operate(operate));
    this.files = new PendingFiles(inContainer, {
      waits: options.config.singleUse === true && outlived === undefined,
    });
    if (outlived !== undefined) {
      this.#containerIds.add(outlived.containerId);
      this.#lasting = Promise.resolve(new Container(installation.client, outlived.containerId));
    }
    installation.living.add(this.id);
  }

  static async create(
    installation: DockerInstallation,
    options: DockerEnvironmentOptions,
  ): Promise<DockerEnvironment> {
    const environment = new DockerEnvironment(installation, options);
    if (environment.files.wait) return environment;
    try {
      await environment.#container();
      return environment;
    } catch (error) {
      await environment[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * An environment around a lasting container of an earlier process, in which nothing runs any more when this returns. Its
   * programs get the variables that the container was made with.
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
      await environment.#endStrays(await environment.#container());
      return environment;
    } catch (error) {
      installation.living.delete(outlived.id);
      throw error;
    }
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
    handle.outcome.then(() => {
      this.#running.delete(handle);
      this.#clean();
    });
    if (this.#isDisposed) handle.kill("SIGKILL");
    return handle;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    for (const program of this.#running) program.kill("SIGKILL");
    await this.#lasting?.catch(() => {}); // It was told to whoever asked for it.
    const { client, instance, living, log } = this.#installation;
    try {
      for (const id of this.#containerIds) {
        await client.removeContainer(id);
        this.#containerIds.delete(id);
      }
      living.delete(this.id);
    } catch (error) {
      living.delete(this.id); // The reaper takes what is left, as soon as the Engine answers.
      instance.leaveTrace();
      log.warning("a container cannot be removed now", { environment: this.id, error: messageOf(error) });
    }
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
    const config = { ...this.#options.config, environmentVariables: {}, singleUse: false };
    const installer = await DockerEnvironment.create(this.#installation, {
      ...this.#options,
      config,
      network,
      installs: true,
    });
    return {
      run: (packages, options) => installer.run({ kind: "install", packages }, options),
      lend: (operate) => installer.#operate(operate),
      [Symbol.asyncDispose]: () => installer[Symbol.asyncDispose](),
    };
  }

  async #startProgram(program: Program, options: RunOptions): Promise<ContainerProgram> {
    this.#starting++;
    try {
      return this.files.wait ? await this.#runAlone(program, options) : await this.#runBeside(program, options);
    } finally {
      this.#starting--;
    }
  }

  /** The one program of a single use, as the main process of a container of its own. */
  async #runAlone(program: Program, { env, limits, signal }: RunOptions): Promise<ContainerProgram> {
    const { client } = this.#installation;
    const archive = await packArchive(this.files.take());
    const argv = launcherArgv(program, { spec: this.#options.spec, blocks: archive.length / BLOCK_BYTES });
    const main = { argv, user: PROGRAM_USER, env: { ...env, ...INIT_VARIABLES } };
    const id = await this.#begin(() => this.#create(main));
    const attachment = await client.attach(id);
    await this.#begin(() => client.startContainer(id)).catch((error: unknown) => {
      attachment[Symbol.dispose]();
      throw error;
    });
    const control: ProgramControl = {
      signal: (name) => client.killContainer(id, name),
      ended: (waiting) => client.waitFor(id, waiting),
      ...this.#controlOf(id, limits),
    };
    const compiles = this.#compiles(program);
    const request = { attachment, control, secret: crypto.randomUUID(), archive, compiles, limits };
    return await this.#begin(() => ContainerProgram.start(request, { signal }));
  }

  /** A program in the lasting container. Whatever it leaves running ends with the last program there. */
  async #runBeside(program: Program, { env, limits, signal }: RunOptions): Promise<ContainerProgram> {
    await this.#cleaning;
    const container = await this.#container();
    const compiles = this.#compiles(program);
    using _turn = compiles ? await this.#compiler.acquire({ timeoutMs: COMPILER_QUEUE_MS, signal }) : undefined;
    await this.#bounds.set(container.id, { compiling: compiles, limits });
    const attachment = await container.exec({
      argv: launcherArgv(program, { spec: this.#options.spec, blocks: 0 }),
      env,
      workingDirectory: "/",
    });
    const control: ProgramControl = {
      signal: (name, pid) => this.#signalBeside(container, name, pid),
      ended: (waiting) => container.execEnded(attachment.execId, waiting),
      ...this.#controlOf(container.id, limits),
    };
    return await ContainerProgram.start({ attachment, control, secret: crypto.randomUUID(), compiles, limits }, {
      signal,
    });
  }

  #controlOf(id: string, limits: Limits): Pick<ProgramControl, "sample" | "onCompiled" | "ping"> {
    return {
      sample: () => this.#sample(id),
      onCompiled: () => this.#bounds.set(id, { compiling: false, limits }),
      ping: () => this.#installation.client.ping(),
    };
  }

  async #sample(id: string): Promise<ContainerSample | undefined> {
    return this.#options.hasCgroup ? await this.#installation.client.sample(id) : undefined;
  }

  /** Before its launcher has told its number there is nobody to signal; it is signalled then. */
  async #signalBeside(container: Container, name: string, pid: number | undefined): Promise<void> {
    if (name === "SIGKILL" && this.#isAlone) await container.signal(name, -1);
    else if (pid !== undefined && pid > 1) await container.signal(name, -pid);
  }

  /** Sees to it that nothing of the last program in a lasting container goes on. */
  #clean(): void {
    const lasting = this.#lasting;
    if (lasting === undefined || this.#running.size + this.#starting > 0 || this.#isDisposed) return;
    const operating = [...this.#operating]; // What begins from now on waits for the end of the cleaning.
    this.#cleaning = this.#cleaning
      .then(() => Promise.allSettled(operating))
      .then(async () => this.#isDisposed ? undefined : await this.#endStrays(await lasting))
      .catch((error: unknown) =>
        this.#installation.log.warning("a container cannot be cleaned", {
          environment: this.id,
          error: messageOf(error),
        })
      );
  }

  async #endStrays(container: Container): Promise<void> {
    await endStrays(container, { sample: () => this.#sample(container.id) });
    await this.#bounds.set(container.id, { compiling: false }); // A compiler, or a program with lower limits, has left its own.
  }

  /** Whether whatever runs is one program's. */
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
    const { client } = this.#installation;
    const waiting = this.files.take();
    const id = await this.#begin(() => this.#create(KEEPER));
    await this.#begin(() => client.startContainer(id));
    const container = new Container(client, id);
    if (waiting.size > 0) {
      await new ContainerFiles((operate) => operate(container, () => {})).unpack(await packArchive(waiting));
    }
    return container;
  }

  async #create(main: MainProcess): Promise<string> {
    const id = await this.#installation.client.createContainer(this.#request(main));
    this.#containerIds.add(id);
    return id;
  }

  #request(main: MainProcess): ContainerRequest {
    return requestFor(this.#installation, this.#options, { id: this.id, main });
  }

  /** Begins something; when that fails, finds out whether the image is to blame. */
  async #begin<T>(begin: () => Promise<T>): Promise<T> {
    try {
      return await begin();
    } catch (error) {
      const isCallers = error instanceof CodeBeakerError && error.code !== "runtime_unavailable";
      if (isCallers || isLost(error) || this.#isDisposed) throw error;
      const { client } = this.#installation;
      const why = await whyUnusable(client, this.#request({ argv: IMAGE_CHECK, user: PROGRAM_USER, env: {} }));
      if (why !== undefined) this.#options.onUnusable(why);
      throw error;
    }
  }

  #compiles(program: Program): boolean {
    return program.kind === "file" && this.#options.spec.compile !== undefined;
  }
}
