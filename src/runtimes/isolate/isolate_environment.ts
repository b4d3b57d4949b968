import { join } from "@std/path";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { newId } from "../../core/ids.ts";
import { mainFileOf, unsupportedLanguage } from "../../core/languages.ts";
import { Confinement } from "../../sandbox/confinement.ts";
import type { ConfinedDirectory } from "../../sandbox/confined_directory.ts";
import { DiskRoom } from "../../workspace/disk_room.ts";
import { Workspace } from "../../workspace/workspace.ts";
import type {
  ExecutionEnvironment,
  Program,
  ProgramHandle,
  RunOptions,
  RuntimeConfig,
  WorkspaceFiles,
} from "../port.ts";
import type { Installation } from "../process/installation.ts";
import { LateWorkspace } from "../process/late_workspace.ts";
import { WORKSPACE_NAME } from "../process/mounts.ts";
import { parseShellCommand } from "../process/shell_command.ts";
import { WEB } from "./facts.ts";
import { ordersTo } from "./context_orders.ts";
import { readProgram, type SourceFiles } from "./program_files.ts";
import type { Slot } from "./slot.ts";
import { type SlotRequest, startProgram } from "./slot_program.ts";
import type { Slots } from "./slots.ts";
import { closedStdin, refuseUnseen } from "./unseen.ts";

/** Options of an environment. */
export interface IsolateEnvironmentOptions {
  readonly installation: Installation;
  readonly slots: Slots;
  /** Whether a program may run where another of its tenant has run. */
  readonly isShared: boolean;
}

/** A workspace from which programs are read, and which no program sees. Each program runs in a slot. */
export class IsolateEnvironment implements ExecutionEnvironment {
  readonly id = newId("env");
  readonly language: string;
  readonly files: WorkspaceFiles & SourceFiles & AsyncDisposable;
  readonly #config: RuntimeConfig;
  readonly #options: IsolateEnvironmentOptions;
  readonly #running = new Set<ProgramHandle>();
  #directory: ConfinedDirectory | undefined;
  #wasReady = false;
  #isDisposed = false;

  /** @throws {CodeBeakerError} `runtime_unavailable` where its workspace cannot be made */
  constructor(config: RuntimeConfig, options: IsolateEnvironmentOptions) {
    this.language = config.environment;
    this.#config = config;
    this.#options = options;
    const isLate = config.singleUse === true && config.workspaceDirectory === undefined;
    this.files = isLate ? new LateWorkspace(() => this.#makeWorkspace()) : this.#makeWorkspace();
  }

  /** Whether the last program got a slot that was ready. */
  get warm(): boolean {
    return this.#wasReady;
  }

  /** Whether no workspace was made, no program runs, and its slots are its tenant's. */
  get leavesNothing(): boolean {
    return this.#directory === undefined && this.#running.size === 0 && this.#config.tenant !== undefined;
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
        if (this.language === WEB) refuseUnseen(program, options);
        return await this.#runFile(program.path, options);
      case "shell": {
        const elsewhere = shellRuntimes.filter((other) => other !== name);
        parseShellCommand(program, { runtime: name, own: undefined, runsOthers: false, elsewhere });
        throw new CodeBeakerError("internal", "A command line was not refused");
      }
      case "install":
        throw new CodeBeakerError("permission_denied", `Cannot install packages as the ${name} runtime installs none`);
      case "context":
        if (!contextEnvironments.includes(program.language)) {
          throw unsupportedLanguage(program.language, contextEnvironments);
        }
        return await this.#runContext(options);
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
    await this.#directory?.[Symbol.asyncDispose]();
  }

  #makeWorkspace(): Workspace {
    const { resourceLimits, workspaceDirectory } = this.#config;
    const { scratchDirectory, spec } = this.#options.installation;
    try {
      using none = Confinement.none(); // No program comes into this directory.
      const directory = none.makeDirectory(join(scratchDirectory, this.id), resourceLimits);
      this.#directory = directory;
      const room = workspaceDirectory === undefined ? new DiskRoom(directory, resourceLimits.diskMb) : undefined;
      const root = workspaceDirectory ?? directory.makeDirectory(WORKSPACE_NAME);
      const programPaths = spec.facts.supportedEnvironments.map(mainFileOf);
      return new Workspace(root, { asideDirectory: directory.path, room, programPaths });
    } catch (cause) {
      throw new CodeBeakerError("runtime_unavailable", `Cannot make a workspace: ${messageOf(cause)}`, { cause });
    }
  }

  async #runFile(path: string, options: RunOptions): Promise<ProgramHandle> {
    const openStdin = () => this.language === WEB ? closedStdin() : new WritableStream();
    return await this.#start(await readProgram(this.files, path), { ...options, openStdin });
  }

  /** Starts the interpreter of a context, which keeps its slot. */
  async #runContext(options: RunOptions): Promise<ProgramHandle> {
    const { INTERPRETER_PROGRAM } = await import("./interpreter/modules.ts");
    const openStdin = (slot: Slot) => ordersTo(slot, this.files);
    return await this.#start({ ...INTERPRETER_PROGRAM, isContext: true }, { ...options, openStdin });
  }

  async #start(
    request: SlotRequest,
    options: RunOptions & { openStdin(slot: Slot): WritableStream<Uint8Array> },
  ): Promise<ProgramHandle> {
    const { isShared, slots } = this.#options;
    const { tenant = this.id } = this.#config;
    const lease = await slots.lease({
      memoryMb: options.limits.memoryMb,
      tenant: isShared ? tenant : undefined,
      isForContext: request.isContext === true,
      startsCold: this.#config.startsCold === true,
    });
    this.#wasReady = lease.wasReady;
    const { slot } = lease;
    const handle = startProgram(slot, request, {
      ...options,
      openStdin: () => options.openStdin(slot),
      takeBack: async () => {
        this.#running.delete(handle);
        await lease[Symbol.asyncDispose]();
      },
    });
    this.#running.add(handle);
    if (this.#isDisposed) handle.kill("SIGKILL");
    return handle;
  }
}
