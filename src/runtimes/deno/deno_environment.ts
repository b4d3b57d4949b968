import { join, toFileUrl } from "@std/path";
import { MAX_CODE_BYTES } from "../../core/requests/content.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { Outcome } from "../../core/execution.ts";
import { newId } from "../../core/ids.ts";
import { mainFileOf, unsupportedLanguage } from "../../core/languages.ts";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import type { ConfinedDirectory } from "../../sandbox/confined_directory.ts";
import { DiskRoom } from "../../workspace/disk_room.ts";
import type { Child } from "../../process/run_child.ts";
import { Workspace } from "../../workspace/workspace.ts";
import type { ExecutionEnvironment, Program, ProgramHandle, RunOptions, RuntimeConfig } from "../port.ts";
import { WarmSlot, type WarmStart } from "../warm/warm_slot.ts";
import {
  type DenoProcess,
  keyOf,
  type ProcessPlace,
  type ProcessRequest,
  RESERVED_BYTES,
  startProcess,
} from "./deno_process.ts";
import { RUNTIME_NAME, SPOKEN } from "./facts.ts";
import { contextLaunch, fileLaunch } from "./file_launch.ts";
import type { DenoInstallation } from "./installation.ts";
import { LEVEL_UNCHECKED } from "./isolation.ts";
import { commandLaunch, type Launch } from "./launch.ts";
import { Packages } from "./packages.ts";
import { CACHE_NAME, type Places, placesIn, TEMPORARY_NAME, WORKSPACE_NAME } from "./places.ts";
import { parseShellProgram, type ShellProgram } from "./shell_program.ts";

/** Measured for a warm process: most of its memory is the binary's, and shared. */
export const WARM_MEMORY_MB = 16;
/** A cold process takes as long. */
const MAX_WAIT_MS = 100;

/** A directory with a workspace and a cache of its own, and a confined process for each program in it. */
export class DenoEnvironment implements ExecutionEnvironment {
  readonly id: string;
  readonly language: string;
  readonly files: Workspace;
  readonly #installation: DenoInstallation;
  #config: RuntimeConfig;
  readonly #directory: ConfinedDirectory;
  readonly #places: Places;
  readonly #shownPaths: Record<string, string>;
  readonly #packages: Packages;
  readonly #warm: WarmSlot<DenoProcess, string>;
  readonly #running = new Set<Child>();
  /** Interpreters of contexts, which run beside everything else. */
  readonly #interpreters = new Set<Child>();
  #isWarm = false;
  #starting = 0;
  #room: Promise<unknown> = Promise.resolve();
  #isDisposed = false;

  private constructor(
    installation: DenoInstallation,
    config: RuntimeConfig,
    { id, directory }: { readonly id: string; readonly directory: ConfinedDirectory },
  ) {
    this.id = id;
    this.language = config.environment;
    this.#installation = installation;
    this.#config = config;
    this.#directory = directory;
    const { memory: budget } = installation;
    this.#warm = new WarmSlot({ budget, memoryMb: WARM_MEMORY_MB, maxWaitMs: MAX_WAIT_MS });
    this.#places = placesIn(directory.path, installation, { workspace: config.workspaceDirectory });
    this.#shownPaths = shownPathsOf(installation, { directory, places: this.#places });
    this.#packages = new Packages(installation, { directory, places: this.#places });
    const { workspaceDirectory, resourceLimits: { diskMb } } = config;
    const room = workspaceDirectory === undefined ? new DiskRoom(directory, diskMb) : undefined;
    const programPaths = SPOKEN.map((language) => mainFileOf(language));
    this.files = new Workspace(this.#places.workspace.source, { asideDirectory: directory.path, room, programPaths });
  }

  /** Makes the directories. @throws {CodeBeakerError} `runtime_unavailable` */
  static create(installation: DenoInstallation, config: RuntimeConfig): DenoEnvironment {
    const id = newId("env");
    try {
      const path = join(installation.scratchDirectory, id);
      const directory = installation.confinement.makeDirectory(path, config.resourceLimits);
      for (const name of [TEMPORARY_NAME, CACHE_NAME, WORKSPACE_NAME]) directory.makeDirectory(name);
      if (config.workspaceDirectory !== undefined) directory.own(config.workspaceDirectory);
      return new DenoEnvironment(installation, config, { id, directory });
    } catch (cause) {
      if (cause instanceof Deno.errors.NotCapable) throw cause;
      throw new CodeBeakerError("runtime_unavailable", `Cannot make a workspace: ${messageOf(cause)}`, { cause });
    }
  }

  /** Whether the last program met a process that waited for it. */
  get warm(): boolean {
    return this.#isWarm;
  }

  /** Whether a process waits for its program. */
  get isAlive(): boolean {
    return this.#warm.isAlive;
  }

  /** Has a process wait for the one program of an environment for a single use. @throws {CodeBeakerError} `runtime_unavailable` */
  async prepare(): Promise<void> {
    const { environmentVariables: variables, resourceLimits: limits } = this.#config;
    const program = { path: this.mainFile(), args: [], workingDirectory: ".", variables, limits };
    const launch = fileLaunch(this.#place, { ...program, packages: undefined, usesRequire: false });
    const request = { launch, limits, mounts: [] };
    await this.#warm.start(this.#warmStart(request));
  }

  /** From now on it lasts, with this configuration. What waits in it is kept for a minute, where there is memory for it. */
  async makeLasting(config: RuntimeConfig): Promise<void> {
    this.#config = config;
    await this.#warm.keep();
  }

  mainFile(language = this.language): string {
    if (!SPOKEN.includes(language)) throw unsupportedLanguage(language, SPOKEN);
    return mainFileOf(language);
  }

  run(program: Program, options: RunOptions): Promise<ProgramHandle> {
    switch (program.kind) {
      case "file":
        return this.#runFile(program.path, { ...program, workingDirectory: "." }, options);
      case "shell":
        return this.#runShell(program, options);
      case "install":
        return this.#install(program.packages, options);
      case "context":
        return this.#runInterpreter(options);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#room;
    await this.#warm[Symbol.asyncDispose]();
    await Promise.all([...this.#running, ...this.#interpreters].map((child) => {
      child.kill("SIGKILL");
      return Promise.all([child.outcome, child.gone]); // Its end takes a last look at the directory.
    }));
    await this.files[Symbol.asyncDispose]();
    await this.#directory[Symbol.asyncDispose]();
  }

  async #install(packages: readonly string[], { limits, signal }: RunOptions): Promise<ProgramHandle> {
    return this.#own(
      await this.#packages.install(packages, {
        limits,
        signal,
        reservedDataBytes: RESERVED_BYTES,
        shownPaths: this.#shownPaths,
      }),
    );
  }

  async #runShell(command: Extract<Program, { kind: "shell" }>, options: RunOptions): Promise<ProgramHandle> {
    const { confinement, shellRuntimes = [] } = this.#installation;
    const program: ShellProgram = parseShellProgram(command, {
      runsOthers: confinement.canMount && this.#config.minIsolation <= LEVEL_UNCHECKED,
      elsewhere: shellRuntimes.filter((name) => name !== RUNTIME_NAME),
    });
    if (program.kind === "other") {
      return await this.#start(
        commandLaunch(program, { places: this.#places, variables: this.#variables(options) }),
        options,
      );
    }
    if (program.kind === "run") {
      await (await this.files.read(program.path)).cancel(); // It is there, and no symlink leads it out.
      return await this.#runFile(program.path, program, options);
    }
    const path = join(program.workingDirectory, `$deno$eval_${crypto.randomUUID()}.ts`);
    await this.files.write(path, new TextEncoder().encode(program.code));
    const remove = () => this.files.delete(path).catch(() => {}); // Best effort: the program may have deleted it.
    const handle = await this.#runFile(path, program, options).catch(async (error: unknown) => {
      await remove();
      throw error;
    });
    const outcome = handle.outcome.then(async (ended) => {
      await remove();
      return ended;
    });
    return { ...handle, outcome };
  }

  async #runInterpreter(options: RunOptions): Promise<ProgramHandle> {
    const { limits, signal } = options;
    const packages = this.#packages.prepare();
    const launch = contextLaunch(this.#place, { variables: this.#variables(options), limits, packages });
    const request = { launch, limits, mounts: this.#packages.mounts() };
    this.#starting++;
    try {
      await this.#room;
      const process = await startProcess(this.#place, request, { signal, goesOn: true });
      return this.#follow(process, { options, among: this.#interpreters });
    } finally {
      this.#starting--;
    }
  }

  async #runFile(
    path: string,
    { args, workingDirectory }: { readonly args: readonly string[]; readonly workingDirectory: string },
    options: RunOptions,
  ): Promise<ProgramHandle> {
    const { limits } = options;
    const variables = this.#variables(options);
    const usesRequire = await this.#usesRequire(path);
    const packages = this.#packages.prepare();
    const program = { path, args, workingDirectory, variables, limits, packages, usesRequire };
    return await this.#start(fileLaunch(this.#place, program), options);
  }

  /** On the process that waits for such a program; else on one of its own. */
  async #start(launch: Launch, options: RunOptions): Promise<ProgramHandle> {
    const { limits, signal } = options;
    const request = { launch, limits, mounts: this.#packages.mounts() };
    this.#starting++;
    try {
      await this.#room;
      const waiting = await this.#warm.take(keyOf(request));
      const process = waiting ?? await startProcess(this.#place, request, { signal, goesOn: true });
      this.#isWarm = waiting !== undefined;
      if (this.#keepsOne(request)) this.#installation.pool?.count(RUNTIME_NAME, { isHit: this.#isWarm });
      return this.#follow(process, { options, among: this.#running, onGone: () => this.#waitSoon(request) });
    } finally {
      this.#starting--;
    }
  }

  /** Whether one is kept ready for the next program, on no shelf. */
  #keepsOne({ launch }: ProcessRequest): boolean {
    return this.#config.singleUse !== true && launch.waits;
  }

  /** Lets the program of a process begin. */
  #follow(
    { child: ready, denials, forgetDenials }: DenoProcess,
    { among, onGone, options }: {
      readonly among: Set<Child>;
      readonly options: RunOptions;
      onGone?(): void;
    },
  ): ProgramHandle {
    const child = this.#own(ready.begin(options), among);
    const outcome = child.outcome.then(async (ended) => {
      await this.#makeRoom(child, ended);
      return ended;
    });
    child.gone.then(() => onGone?.());
    const { permissions } = this.#config;
    return { ...child, outcome, denials: () => ({ permissions, denials: denials() }), forgetDenials };
  }

  /** Has a process wait for the same program in an environment that lasts, for as long as one is run now and then. */
  #waitSoon(request: ProcessRequest): void {
    if (!this.#keepsOne(request)) return;
    this.#installation.pool?.schedule(this, async () => {
      const isBusy = this.#running.size + this.#starting > 0;
      if (!this.#isDisposed && !isBusy && !this.#warm.has(keyOf(request))) {
        await this.#warm.prepare(this.#warmStart(request));
      }
    });
  }

  #warmStart(request: ProcessRequest): WarmStart<DenoProcess, string> {
    const ownKey = keyOf(request);
    return {
      serves: (key) => key === ownKey,
      start: () => startProcess(this.#place, request, { goesOn: false }),
    };
  }

  /** What its client cannot delete would keep every later program from running, which begins when that is gone. */
  async #makeRoom({ gone }: Child, ended: Outcome): Promise<void> {
    if (ended.kind !== "disk_limit") return;
    await gone;
    if (this.#isDisposed || this.#running.size + this.#interpreters.size + this.#starting > 0) return;
    await this.#warm.clear();
    this.#room = Promise.allSettled([TEMPORARY_NAME, CACHE_NAME].map((name) => this.#directory.renew(name)));
    await this.#room;
  }

  /** Disposing ends it. */
  #own(child: Child, among = this.#running): Child {
    among.add(child);
    child.gone.then(() => among.delete(child));
    if (this.#isDisposed) child.kill("SIGKILL");
    return child;
  }

  /** Whether a program is JavaScript that may be CommonJS. */
  async #usesRequire(path: string): Promise<boolean> {
    if (!path.endsWith(".js")) return false;
    const source = await new Response(await this.files.read(path, { length: MAX_CODE_BYTES })).text();
    return /\brequire\b|\bmodule\.exports\b/.test(source);
  }

  #variables({ env }: RunOptions): Record<string, string> {
    return { ...this.#config.environmentVariables, ...env };
  }

  get #place(): ProcessPlace {
    return {
      installation: this.#installation,
      permissions: this.#config.permissions,
      directory: this.#directory,
      places: this.#places,
      shownPaths: this.#shownPaths,
    };
  }
}

/** Paths of the host that Deno's own messages hold, and what a client sees in their place. */
function shownPathsOf(
  installation: DenoInstallation,
  { directory, places: { binary, workspace } }: { readonly directory: ConfinedDirectory; readonly places: Places },
): Record<string, string> {
  return {
    [workspace.source]: WORKSPACE_ROOT,
    [toFileUrl(workspace.source).pathname]: WORKSPACE_ROOT,
    [installation.bootPath]: "boot.js",
    [installation.startPath]: "start.js",
    [installation.interpreterPath]: "interpreter",
    [directory.path]: "/codebeaker",
    [installation.scratchDirectory]: "/codebeaker",
    [binary.source]: "deno",
  };
}
