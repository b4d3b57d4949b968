import { join } from "@std/path";
import { hasCompiled } from "../../core/execution.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { newId } from "../../core/ids.ts";
import { mainFileOf, unsupportedLanguage } from "../../core/languages.ts";
import { MAX_CODE_BYTES } from "../../core/requests/content.ts";
import type { ConfinedDirectory } from "../../sandbox/confined_directory.ts";
import type { Mount } from "../../sandbox/mount.ts";
import { DiskRoom } from "../../workspace/disk_room.ts";
import { Workspace } from "../../workspace/workspace.ts";
import type { ExecutionEnvironment, Program, ProgramHandle, RunOptions, RuntimeConfig, SharedBuild } from "../port.ts";
import { commandLaunch } from "./command_launch.ts";
import { compileResultOf, compilerLimits, uncompiledProgram } from "./compiling/compilation.ts";
import { type CompilerOutput, CompilerOutputs } from "./compiling/compiler_outputs.ts";
import type { ProcessRequest } from "./confined_process.ts";
import { EnvironmentProcesses, type StartedProgram } from "./environment_processes.ts";
import type { Installation } from "./installation.ts";
import { uncheckedLevel } from "./isolation.ts";
import { mountsOf, shownPathsOf, TEMPORARY_NAME, WORKSPACE_NAME } from "./mounts.ts";
import { PackageInstaller } from "./package_installer.ts";
import { parseShellCommand } from "./shell_command.ts";
import type { ContextProgram, FileProgram, Launch } from "./launch.ts";
import type { CommandLine } from "./spec.ts";

/** A file to run, with its arguments. */
type WorkspaceFile =
  & Pick<FileProgram, "path" | "args" | "workingDirectory" | "sources" | "compileArgs">
  & { readonly build?: SharedBuild };

/** Variables of command lines. Without a network npm would try for over a minute. */
const WITHOUT_NETWORK = { npm_config_fetch_retries: "0" };

/** A directory with a workspace, and a confined process for each program in it. */
export class ProcessEnvironment implements ExecutionEnvironment {
  readonly id: string;
  readonly language: string;
  readonly files: Workspace;
  readonly #installation: Installation;
  #config: RuntimeConfig;
  readonly #directory: ConfinedDirectory;
  readonly #processes: EnvironmentProcesses;
  readonly #packages: PackageInstaller | undefined;
  readonly #outputs: CompilerOutputs;
  /** The output directory of a warm compiler. */
  #prepared: CompilerOutput | undefined;

  private constructor(
    installation: Installation,
    config: RuntimeConfig,
    { id, directory }: { readonly id: string; readonly directory: ConfinedDirectory },
  ) {
    const { environment, resourceLimits: { diskMb }, workspaceDirectory } = config;
    const { host, spec } = installation;
    const mounts = mountsOf(directory.path, installation, { workspace: workspaceDirectory });
    const shownPaths = shownPathsOf(installation, { directory: directory.path, mounts });
    this.id = id;
    this.language = environment;
    this.#installation = installation;
    this.#config = config;
    this.#directory = directory;
    this.#processes = new EnvironmentProcesses({ spec, host, directory, mounts, shownPaths }, config);
    this.#outputs = new CompilerOutputs(directory);
    this.#packages = spec.packages && new PackageInstaller(this.#processes.site, spec.packages);
    const room = workspaceDirectory === undefined ? new DiskRoom(directory, diskMb) : undefined;
    const { mainFile } = spec;
    const programPaths = mainFile === undefined
      ? spec.facts.supportedEnvironments.map((language) => mainFileOf(language))
      : [mainFile];
    this.files = new Workspace(mounts.workspace.source, { asideDirectory: directory.path, room, programPaths });
  }

  /** Makes the directories. @throws {CodeBeakerError} `runtime_unavailable` */
  static create(installation: Installation, config: RuntimeConfig): ProcessEnvironment {
    const { host: { confinement }, scratchDirectory, spec } = installation;
    const id = newId("env");
    try {
      const directory = confinement.makeDirectory(join(scratchDirectory, id), config.resourceLimits);
      for (const name of [TEMPORARY_NAME, ...spec.directories, WORKSPACE_NAME]) directory.makeDirectory(name);
      if (config.workspaceDirectory !== undefined) directory.own(config.workspaceDirectory);
      return new ProcessEnvironment(installation, config, { id, directory });
    } catch (cause) {
      if (cause instanceof Deno.errors.NotCapable) throw cause;
      throw new CodeBeakerError("runtime_unavailable", `Cannot make a workspace: ${messageOf(cause)}`, { cause });
    }
  }

  /** Whether the last program used a warm process. */
  get warm(): boolean {
    return this.#processes.wasWarm;
  }

  get compiles(): boolean {
    return this.#installation.spec.compiles === true;
  }

  /** Whether there is a warm process. */
  get isAlive(): boolean {
    return this.#processes.hasWarm;
  }

  /** Starts a warm process for the main file, in an environment for a single use. @throws {CodeBeakerError} `runtime_unavailable` */
  async prepare(): Promise<void> {
    const { environmentVariables: variables, resourceLimits: limits } = this.#config;
    const { spec } = this.#installation;
    this.#prepared = spec.compiles === true ? this.#outputs.take() : undefined;
    const { compile, ...launch } = await spec.launchFile(this.#processes.site, {
      path: this.mainFile(),
      args: [],
      workingDirectory: ".",
      variables,
      limits,
      packages: undefined,
      output: this.#prepared && this.#processes.site.mounts.output(this.#prepared.path),
      readText: () => Promise.resolve(""),
    });
    const first = compile === undefined ? { launch, limits } : { launch: compile, limits: compilerLimits(limits) };
    await this.#prepareProcess({ ...first, mounts: [] });
  }

  /** Starts a warm process. A placeholder stands for the file that it opens before it waits. */
  async #prepareProcess(request: ProcessRequest): Promise<void> {
    const { opens } = request.launch.waiting ?? {};
    if (opens === undefined) return await this.#processes.prepare(request);
    await this.files.write(opens.path, new TextEncoder().encode(opens.text));
    await this.#processes.prepare(request);
    await this.files.delete(opens.path);
  }

  /** Gives the variables of a request to an environment that was made for any request. */
  setVariables(environmentVariables: RuntimeConfig["environmentVariables"]): void {
    this.#config = { ...this.#config, environmentVariables };
    this.#processes.setVariables(environmentVariables);
  }

  /** Makes the environment a session's, with this configuration. */
  async makeLasting(config: RuntimeConfig): Promise<void> {
    this.#config = config;
    await this.#processes.makeLasting(config);
  }

  mainFile(language = this.language): string {
    const { facts: { supportedEnvironments }, mainFile } = this.#installation.spec;
    if (!supportedEnvironments.includes(language)) throw unsupportedLanguage(language, supportedEnvironments);
    return mainFile ?? mainFileOf(language);
  }

  run(program: Program, options: RunOptions): Promise<ProgramHandle> {
    switch (program.kind) {
      case "file":
        return this.#runFile({ ...program, workingDirectory: "." }, options);
      case "shell":
        return this.#runCommand(program, options);
      case "install":
        return this.#install(program.packages, options);
      case "context":
        return this.#runInterpreter(program.language, options);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processes[Symbol.asyncDispose]();
    await this.files[Symbol.asyncDispose]();
    await this.#directory[Symbol.asyncDispose]();
  }

  async #runFile(
    file: WorkspaceFile,
    options: RunOptions,
  ): Promise<ProgramHandle> {
    if (this.#installation.spec.compiles === true) return await this.#compileAndRun(file, options);
    const launch = await this.#launchOf(file, options);
    return await this.#processes.start(this.#requestOf(launch, options), options);
  }

  async #compileAndRun(file: WorkspaceFile, options: RunOptions): Promise<ProgramHandle> {
    await using unused = new AsyncDisposableStack();
    const { build = {}, ...program } = file;
    const source = build.made?.output ?? unused.use(this.#prepared ?? this.#outputs.take()).path;
    this.#prepared = build.made === undefined ? undefined : this.#prepared;
    const output = this.#processes.site.mounts.output(source);
    const { compile: compilerLaunch, ...launch } = await this.#launchOf(program, options, output);
    if (compilerLaunch === undefined) throw new CodeBeakerError("internal", `${this.language} names no compiler`);
    let compile = build.made?.compile;
    if (compile === undefined) {
      const compiler = await this.#compile(compilerLaunch, options);
      compile = await compileResultOf(compiler, options.limits);
      await compiler.gone;
      if (!hasCompiled(compile)) return uncompiledProgram(compiler, compile);
    }
    const running = await this.#processes.start({ ...this.#requestOf(launch, options), part: "compiled" }, options);
    const owned = unused.move();
    if (file.build !== undefined) {
      file.build.made ??= { compile, output: source, remove: () => owned.disposeAsync() };
      return { ...running, compile };
    }
    const outcome = running.outcome.then(async (ended) => {
      await running.gone;
      await owned.disposeAsync();
      return ended;
    });
    return { ...running, compile, outcome };
  }

  async #compile(launch: Launch, options: RunOptions): Promise<StartedProgram> {
    const bounded = { ...options, limits: compilerLimits(options.limits, options.compileMs) };
    return await this.#processes.start({ ...this.#requestOf(launch, bounded), part: "compiler" }, bounded);
  }

  async #runCommand(command: CommandLine, options: RunOptions): Promise<ProgramHandle> {
    const { host: { confinement, shellRuntimes = [] }, spec } = this.#installation;
    const { commands, facts: { name, runsAnyCommandLine }, isOnPath = false } = spec;
    const program = parseShellCommand(command, {
      runtime: name,
      own: commands,
      runsOthers: runsAnyCommandLine && this.#config.minIsolation <= uncheckedLevel(confinement),
      elsewhere: shellRuntimes.filter((other) => other !== name),
    });
    if (program === undefined) {
      const variables = this.#variables(options);
      const { site } = this.#processes;
      const commanded = commandLaunch(site, { ...command, isOnPath, variables });
      const launch = { ...commanded, ownVariables: { ...commanded.ownVariables, ...WITHOUT_NETWORK } };
      const surrounded = spec.surround?.(launch, { ...site, packages: this.#packages?.mount }) ?? launch;
      return await this.#processes.start(this.#requestOf(surrounded, options), options);
    }
    const { workingDirectory } = command;
    if (program.kind === "code") return await this.#runCode({ ...program, workingDirectory }, options);
    await (await this.files.read(program.path)).cancel(); // Fails unless the file is there, and no symlink leads out.
    return await this.#runFile({ ...program, workingDirectory }, options);
  }

  /** Runs code in a file of the workspace that is removed after the program. */
  async #runCode(
    { args, code, extension, workingDirectory }: {
      readonly args: readonly string[];
      readonly code: string;
      readonly extension: string;
      readonly workingDirectory: string;
    },
    options: RunOptions,
  ): Promise<ProgramHandle> {
    const name = `$${this.#installation.spec.facts.name}$eval_${crypto.randomUUID()}.${extension}`;
    const path = join(workingDirectory, name);
    await this.files.write(path, new TextEncoder().encode(code));
    const remove = () => this.files.delete(path).catch(() => {}); // Best effort: the program may have deleted it.
    const handle = await this.#runFile({ path, args, workingDirectory }, options).catch(async (error: unknown) => {
      await remove();
      throw error;
    });
    const outcome = handle.outcome.then(async (ended) => {
      await remove();
      return ended;
    });
    return { ...handle, outcome };
  }

  get noPackages(): string | undefined {
    if (this.#packages !== undefined) return undefined;
    const { facts: { name }, noPackages = `the ${name} runtime installs none` } = this.#installation.spec;
    return noPackages;
  }

  async #install(packages: readonly string[], options: RunOptions): Promise<ProgramHandle> {
    if (this.#packages === undefined) {
      throw new CodeBeakerError("permission_denied", `Cannot install packages as ${this.noPackages}`);
    }
    return this.#processes.own(await this.#packages.install(packages, options));
  }

  async #runInterpreter(language: string, options: RunOptions): Promise<ProgramHandle> {
    const { spec } = this.#installation;
    const { contextEnvironments } = spec.facts;
    const contexts = contextEnvironments.includes(language) ? spec.contexts : undefined;
    if (contexts === undefined) throw unsupportedLanguage(language, contextEnvironments);
    await this.#installation.writeContextModules();
    const launch = contexts.launch(this.#processes.site, this.#programOf(options));
    return await this.#processes.startInterpreter(this.#requestOf(launch, options), options);
  }

  async #launchOf(file: WorkspaceFile, options: RunOptions, output?: Mount): Promise<Launch> {
    return await this.#installation.spec.launchFile(this.#processes.site, {
      ...file,
      ...this.#programOf(options),
      output,
      readText: async () => await new Response(await this.files.read(file.path, { length: MAX_CODE_BYTES })).text(),
    });
  }

  #requestOf(launch: Launch, { limits }: RunOptions): ProcessRequest {
    const mount = this.#packages?.mount;
    return { launch, limits, mounts: mount === undefined ? [] : [mount] };
  }

  #programOf(options: RunOptions): ContextProgram {
    this.#packages?.prepare();
    return { variables: this.#variables(options), limits: options.limits, packages: this.#packages?.mount };
  }

  #variables({ env }: RunOptions): Record<string, string> {
    return { ...this.#config.environmentVariables, ...env };
  }
}
