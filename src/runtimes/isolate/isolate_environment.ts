import { join } from "@std/path";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { newId } from "../../core/ids.ts";
import { mainFileOf, unsupportedLanguage } from "../../core/languages.ts";
import { Confinement } from "../../sandbox/confinement.ts";
import type { ConfinedDirectory } from "../../sandbox/confined_directory.ts";
import { DiskRoom } from "../../workspace/disk_room.ts";
import { Workspace } from "../../workspace/workspace.ts";
import type { ExecutionEnvironment, Program, ProgramHandle, RunOptions, RuntimeConfig } from "../port.ts";
import type { Installation } from "../process/installation.ts";
import { WORKSPACE_NAME } from "../process/mounts.ts";
import { parseShellCommand } from "../process/shell_command.ts";
import { readProgram } from "./program_files.ts";
import { startProgram } from "./slot_program.ts";
import type { Slots } from "./slots.ts";

/** What an environment is made with. */
export interface IsolateEnvironmentOptions {
  readonly installation: Installation;
  readonly slots: Slots;
  /** Whether a program may run where another of its tenant has run. */
  readonly isShared: boolean;
}

/** A workspace that programs are read from, and that none of them sees: each runs in a slot. */
export class IsolateEnvironment implements ExecutionEnvironment {
  readonly id: string;
  readonly language: string;
  readonly files: Workspace;
  readonly #config: RuntimeConfig;
  readonly #directory: ConfinedDirectory;
  readonly #options: IsolateEnvironmentOptions;
  readonly #running = new Set<ProgramHandle>();
  #wasReady = false;
  #isDisposed = false;

  private constructor(
    config: RuntimeConfig,
    { directory, id, ...options }: IsolateEnvironmentOptions & {
      readonly id: string;
      readonly directory: ConfinedDirectory;
    },
  ) {
    const { environment, resourceLimits: { diskMb }, workspaceDirectory } = config;
    this.id = id;
    this.language = environment;
    this.#config = config;
    this.#directory = directory;
    this.#options = options;
    const room = workspaceDirectory === undefined ? new DiskRoom(directory, diskMb) : undefined;
    const root = workspaceDirectory ?? directory.makeDirectory(WORKSPACE_NAME);
    const programPaths = options.installation.spec.facts.supportedEnvironments.map(mainFileOf);
    this.files = new Workspace(root, { asideDirectory: directory.path, room, programPaths });
  }

  /** Makes the workspace. @throws {CodeBeakerError} `runtime_unavailable` */
  static create(config: RuntimeConfig, options: IsolateEnvironmentOptions): IsolateEnvironment {
    const id = newId("env");
    try {
      using none = Confinement.none(); // No program comes into this directory.
      const path = join(options.installation.scratchDirectory, id);
      return new IsolateEnvironment(config, {
        ...options,
        id,
        directory: none.makeDirectory(path, config.resourceLimits),
      });
    } catch (cause) {
      throw new CodeBeakerError("runtime_unavailable", `Cannot make a workspace: ${messageOf(cause)}`, { cause });
    }
  }

  /** Whether the last program found a slot that was ready. */
  get warm(): boolean {
    return this.#wasReady;
  }

  mainFile(language = this.language): string {
    const { supportedEnvironments } = this.#options.installation.spec.facts;
    if (!supportedEnvironments.includes(language)) throw unsupportedLanguage(language, supportedEnvironments);
    return mainFileOf(language);
  }

  async run(program: Program, options: RunOptions): Promise<ProgramHandle> {
    const { host: { shellRuntimes = [] }, spec: { facts: { contextEnvironments, name } } } = this.#options.installation;
    switch (program.kind) {
      case "file":
        return await this.#runFile(program.path, options);
      case "shell": {
        const elsewhere = shellRuntimes.filter((other) => other !== name);
        parseShellCommand(program, { runtime: name, own: undefined, runsOthers: false, elsewhere });
        throw new CodeBeakerError("internal", "A command line was not refused");
      }
      case "install":
        throw new CodeBeakerError("permission_denied", `Cannot install packages as the ${name} runtime installs none`);
      case "context":
        throw unsupportedLanguage(program.language, contextEnvironments);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await Promise.all([...this.#running].map(async (program) => {
      program.kill("SIGKILL");
      await program.outcome;
    }));
    if (this.#config.tenant === undefined) await this.#options.slots.forget(this.id);
    await this.files[Symbol.asyncDispose]();
    await this.#directory[Symbol.asyncDispose]();
  }

  async #runFile(path: string, options: RunOptions): Promise<ProgramHandle> {
    const request = await readProgram(this.files, path);
    const { isShared, slots } = this.#options;
    const { tenant = this.id } = this.#config;
    const lease = await slots.lease({ memoryMb: options.limits.memoryMb, tenant: isShared ? tenant : undefined });
    this.#wasReady = lease.wasReady;
    const handle = startProgram(lease.slot, request, options);
    const outcome = handle.outcome.then(async (ended) => {
      this.#running.delete(running);
      await lease[Symbol.asyncDispose]();
      return ended;
    });
    const running = { ...handle, outcome };
    this.#running.add(running);
    if (this.#isDisposed) running.kill("SIGKILL");
    return running;
  }
}
