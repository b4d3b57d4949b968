import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { newId } from "../../core/ids.ts";
import { unsupportedLanguage } from "../../core/languages.ts";
import { delay, settledWithin } from "../../system/delay.ts";
import { Semaphore } from "../../system/semaphore.ts";
import type { Instance } from "../../system/instance.ts";
import type {
  ExecutionEnvironment,
  Program,
  ProgramHandle,
  RunOptions,
  RuntimeConfig,
  RuntimeLog,
} from "../runtime.ts";
import { Container } from "./container.ts";
import { ContainerFiles, type Operate } from "./container_files.ts";
import { ContainerProgram, type ProgramControl } from "./container_program.ts";
import { isLost } from "./engine_call.ts";
import type { ContainerBounds, ContainerRequest, ContainerSample, EngineClient } from "./engine_client.ts";
import { IMAGE_CHECK, whyUnusable } from "./image_check.ts";
import type { EnvironmentSpec } from "./environments.ts";
import { boundsOf, containerRequest, KEEPER_USER, PROGRAM_USER } from "./host_config.ts";
import { BLOCK_BYTES, INIT_VARIABLES, launcherArgv, packArchive } from "./launcher.ts";
import { PendingFiles } from "./pending_files.ts";
import { LABELS } from "./reaper.ts";

/** The init and the main process: what is left of a lasting container when its program has ended. */
const OWN_TASKS = 2;
const MAX_LOOKS = 3;
const LOOK_INTERVAL_MS = 20;
/** How long disposal waits for what programs have to say, where no Engine ends them. */
const LAST_OUTCOMES_MS = 5_000;
const COMPILER_QUEUE_MS = 120_000;
const KEEP_ALIVE = ["sh", "-c", "exec sleep infinity"];
const BASE_VARIABLES = { HOME: "/tmp", TMPDIR: "/tmp", LANG: "C.UTF-8" };

/** What every environment of this runtime shares. */
export interface DockerInstallation {
  readonly client: EngineClient;
  readonly instance: Instance;
  /** The environments that live, whose containers no reaper may take. */
  readonly living: Set<string>;
  readonly log: RuntimeLog;
}

/** What a container runs for as long as it lives. */
interface MainProcess {
  readonly argv: readonly string[];
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
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
  /** Is told when no program can be run in the image. */
  onUnusable(reason: string): void;
}

/**
 * A container with a workspace in memory. A lasting one is kept alive by a process of another user, and each program and each
 * operation on its files is started beside that. One for a single use is started when its program is known: the files go
 * along with it, and the program's launcher is its main process, which saves two starts of processes by the Engine.
 */
export class DockerEnvironment implements ExecutionEnvironment {
  readonly id = newId("env");
  readonly language: string;
  readonly warm = false;
  readonly files: PendingFiles;
  readonly #installation: DockerInstallation;
  readonly #options: DockerEnvironmentOptions;
  readonly #containerIds = new Set<string>();
  readonly #running = new Set<ContainerProgram>();
  readonly #operating = new Set<Promise<unknown>>();
  /** Programs that have not begun. */
  #starting = 0;
  #lasting: Promise<Container> | undefined;
  #cleaning: Promise<void> = Promise.resolve();
  /** One compiler at a time, whose bounds are not those of programs. */
  readonly #compiler = new Semaphore(1);
  #isDisposed = false;

  private constructor(installation: DockerInstallation, options: DockerEnvironmentOptions) {
    this.#installation = installation;
    this.#options = options;
    this.language = options.config.environment;
    const inContainer = new ContainerFiles((operate) => this.#operate(operate));
    this.files = new PendingFiles(inContainer, { waits: options.config.singleUse === true });
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

  mainFile(language = this.language): string {
    if (language !== this.language) throw unsupportedLanguage(language, [this.language]);
    return this.#options.spec.file;
  }

  async run(program: Program, options: RunOptions): Promise<ProgramHandle> {
    const handle = await this.#startProgram(program, options);
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
      ...this.#controlOf(id),
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
    if (compiles) await this.#limit(container.id, { compiling: true });
    const attachment = await container.exec({
      argv: launcherArgv(program, { spec: this.#options.spec, blocks: 0 }),
      env: { ...this.#variables(), ...env },
      workingDirectory: "/",
    });
    const control: ProgramControl = {
      signal: (name, pid) => this.#signalBeside(container, name, pid),
      ended: (waiting) => container.execEnded(attachment.execId, waiting),
      ...this.#controlOf(container.id),
    };
    return await ContainerProgram.start({ attachment, control, secret: crypto.randomUUID(), compiles, limits }, {
      signal,
    });
  }

  #controlOf(id: string): Pick<ProgramControl, "sample" | "onCompiled" | "ping"> {
    return {
      sample: () => this.#sample(id),
      onCompiled: () => this.#limit(id, { compiling: false }),
      ping: () => this.#installation.client.ping(),
    };
  }

  async #sample(id: string): Promise<ContainerSample | undefined> {
    return this.#options.hasCgroup ? await this.#installation.client.sample(id) : undefined;
  }

  async #limit(id: string, phase: { readonly compiling: boolean }): Promise<void> {
    if (this.#options.hasCgroup) await this.#installation.client.limitContainer(id, this.#bounds(phase));
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
    this.#cleaning = this.#cleaning
      .then(() => Promise.allSettled(this.#operating))
      .then(async () => this.#isDisposed ? undefined : await this.#endStrays(await lasting))
      .catch((error: unknown) =>
        this.#installation.log.warning("a container cannot be cleaned", {
          environment: this.id,
          error: messageOf(error),
        })
      );
  }

  /** The kernel's count of tasks tells whether any are left: a program could forge what its launcher says. */
  async #endStrays(container: Container): Promise<void> {
    await this.#findStrays(container);
    // A compiler that failed has left the bounds at its own.
    if (this.#options.spec.compile !== undefined) await this.#limit(container.id, { compiling: false });
  }

  async #findStrays(container: Container): Promise<void> {
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const tasks = (await this.#sample(container.id))?.tasks;
      if (tasks === OWN_TASKS) return;
      if (tasks === undefined) break;
      await delay(LOOK_INTERVAL_MS); // The launcher may be on its way out.
    }
    await container.signal("SIGKILL", -1);
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
    const id = await this.#begin(() => this.#create({ argv: KEEP_ALIVE, user: KEEPER_USER, env: {} }));
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
    const { instance } = this.#installation;
    const { config, image, network, ociRuntime, spec } = this.#options;
    const compiles = spec.compile !== undefined;
    return containerRequest({
      image,
      argv: main.argv,
      user: main.user,
      env: { ...this.#variables(), ...main.env },
      limits: config.resourceLimits,
      compiles,
      bounds: this.#bounds({ compiling: compiles && config.singleUse === true }),
      ...(ociRuntime === undefined ? {} : { ociRuntime }),
      ...(network === undefined ? {} : { network }),
      labels: {
        [LABELS.instance]: instance.id,
        [LABELS.lock]: instance.lockPath,
        [LABELS.session]: this.id,
        [LABELS.created]: new Date().toISOString(),
      },
    });
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

  #bounds(phase: { readonly compiling: boolean }): ContainerBounds {
    return boundsOf(this.#options.config.resourceLimits, phase);
  }

  #variables(): Record<string, string> {
    return { ...BASE_VARIABLES, ...this.#options.spec.env, ...this.#options.config.environmentVariables };
  }
}
