import type { Availability, RuntimeCapabilities, RuntimeType } from "../core/capabilities.ts";
import type { CompileResult, Outcome, OutputChunk, ProgramUsage } from "../core/execution.ts";
import type { FileEntry, WriteMode } from "../core/files.ts";
import type { LimitName, Limits } from "../core/limits.ts";
import type { PermissionSettings } from "../core/permissions.ts";
import type { Confinement } from "../system/confinement.ts";
import type { Instance } from "../system/instance.ts";

/** What the service lends to every runtime. */
export interface RuntimeHost {
  /** A directory for everything that lasts no longer than the service, mode 0700; undefined where none can be made. */
  readonly scratchDirectory: string | undefined;
  readonly confinement: Confinement;
  /** Private IPv4 networks (CIDR) that the operator opened to programs with network. */
  readonly openNetworks: readonly string[];
  /** The raw settings of each runtime by its name, which it parses itself. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Whose what outlives this process is; undefined where no home directory can be kept. */
  readonly instance: Instance | undefined;
  /** Environments of an earlier process that may yet be attached again by their ids: until they leave this set, nobody removes them. */
  readonly survivors: ReadonlySet<string>;
  /** The names of the runtimes that run any command line, for those that refuse one; absent, none is known. */
  readonly shellRuntimes?: readonly string[];
  readonly log: RuntimeLog;
}

/** Where a runtime writes what no caller asked for. */
export interface RuntimeLog {
  info(message: string, facts: Readonly<Record<string, unknown>>): void;
  warning(message: string, facts: Readonly<Record<string, unknown>>): void;
}

/** What is known of a runtime before its code is loaded. */
export interface RuntimeFacts {
  /** The name on the wire and in the configuration. */
  readonly name: string;
  readonly type: RuntimeType;
  /** The environment names whose whole surface it offers. */
  readonly supportedEnvironments: readonly string[];
  /** What it declares about itself. */
  readonly capabilities: RuntimeCapabilities;
  /** Whether its environments run any command line, as their programs have a file system of their own. */
  readonly runsAnyCommandLine: boolean;
}

/** The port of a way to run programs. One instance serves the whole service; disposing ends what it does by itself. */
export interface ExecutionRuntime extends AsyncDisposable {
  /** The name on the wire and in the configuration. */
  readonly name: string;
  readonly type: RuntimeType;
  /** The environment names whose whole surface it offers. */
  readonly supportedEnvironments: readonly string[];

  /**
   * Whether it can be used now and, with an environment name, whether that one can be had. The answer is cached for a short
   * time and cannot hang.
   */
  isAvailable(environment?: string): Promise<Availability>;

  /** What it declares about itself. */
  getCapabilities(): RuntimeCapabilities;

  /** What an environment with this configuration would be: how isolated, and whether it can keep every promise. */
  assess(config: RuntimeConfig): Promise<Assessment>;

  /**
   * Makes an isolated place that the caller disposes of.
   *
   * @throws {CodeBeakerError} `runtime_unavailable`; no user code has begun then
   */
  createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment>;

  /**
   * An environment of this instance that outlived the process which made it: with its files, and with nothing running in it.
   * Undefined when there is none (any more). Absent where nothing outlives the process.
   *
   * @param id the environment's own, one of {@link RuntimeHost.survivors}
   * @throws {CodeBeakerError} `runtime_unavailable` when that cannot be told now
   */
  reattachEnvironment?(id: string, config: RuntimeConfig): Promise<ExecutionEnvironment | undefined>;
}

/** What an execution environment is made from. */
export interface RuntimeConfig {
  /** The environment name, in its canonical form. */
  readonly environment: string;
  /** An existing directory of the host to use as the workspace, left in place; absent, the runtime makes one and removes it. */
  readonly workspaceDirectory?: string;
  /** Variables of every program. */
  readonly environmentVariables: Readonly<Record<string, string>>;
  readonly resourceLimits: Limits;
  readonly permissions: PermissionSettings;
  /** The isolation that was asked for, 0 (any) to 10: a runtime that has several levels gives the lowest that reaches it. */
  readonly minIsolation: number;
  /** Whether the caller will only write files, run one program and dispose; a runtime may then take a shorter way. */
  readonly singleUse?: boolean;
}

/** How isolated something really is. */
export interface Isolation {
  readonly level: number;
  /** What is on, the innermost first. */
  readonly layers: readonly string[];
  /** The limits that are enforced. */
  readonly limits: readonly LimitName[];
}

/** What a configuration would get, and what could not be promised. */
export interface Assessment {
  readonly isolation: Isolation;
  /** Why it cannot keep the promise that the permissions make; absent when it can. */
  readonly cannotHonour?: string;
}

/** One isolated place: a workspace and the programs in it. Disposing ends them and removes what was made. */
export interface ExecutionEnvironment extends AsyncDisposable {
  readonly id: string;
  readonly language: string;
  /** Whether it was prepared ahead of time. */
  readonly warm: boolean;
  readonly files: WorkspaceFiles;

  /** The name of the file for code in a language. @throws {CodeBeakerError} `unsupported_language` when it does not speak it */
  mainFile(language?: string): string;

  /**
   * Starts a program; returns when it may begin.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when it could not be started, and no user code has begun;
   *   `permission_denied` when this runtime does not run such a program
   */
  run(program: Program, options: RunOptions): Promise<ProgramHandle>;
}

/**
 * What to run: a file of the workspace in the environment's language, a command line, or the installation of packages into
 * the workspace, which has network whatever the permissions say and runs nothing that the packages bring.
 */
export type Program =
  | { readonly kind: "file"; readonly path: string; readonly args: readonly string[] }
  | {
    readonly kind: "shell";
    readonly command: string;
    readonly args: readonly string[];
    readonly workingDirectory: string;
  }
  | { readonly kind: "install"; readonly packages: readonly string[] };

/** What holds for one program. */
export interface RunOptions {
  /** Variables beside those of the environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /** Aborting ends the program; its outcome is then `cancelled`. */
  readonly signal?: AbortSignal;
}

/** A running program. */
export interface ProgramHandle {
  readonly stdin: WritableStream<Uint8Array>;
  /** Everything it prints. The owner reads it to the end or cancels it; a program that is not read is slowed down. */
  readonly output: ReadableStream<OutputChunk>;
  /** Settles when the program has ended, whether or not its output was read; it does not reject. */
  readonly outcome: Promise<Outcome>;
  usage(): ProgramUsage;
  /** Present for a compiled language: the compiler has ended. Where it failed nothing runs, and the outcome is the compiler's. */
  readonly compile?: CompileResult;
  /** Signals the program and everything it started. */
  kill(signal: Deno.Signal): void;
}

/** The files of a workspace. Every path is normal and relative (`parseWorkspacePath`); symlinks are not followed out. */
export interface WorkspaceFiles {
  /** What a path is; with `follow`, what a symlink at its end points to. */
  stat(path: string, options?: { readonly follow?: boolean }): Promise<FileEntry>;
  /** The bytes from `offset` (0), at most `length` (all). */
  read(
    path: string,
    options?: { readonly offset?: number; readonly length?: number },
  ): Promise<ReadableStream<Uint8Array>>;
  /** Makes the directories above it. `create` makes or replaces, `create_new` fails when the file exists. */
  write(
    path: string,
    content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    mode?: WriteMode,
  ): Promise<void>;
  createDirectory(path: string, options?: { readonly recursive?: boolean }): Promise<void>;
  copy(source: string, destination: string, options?: { readonly overwrite?: boolean }): Promise<void>;
  move(source: string, destination: string, options?: { readonly overwrite?: boolean }): Promise<void>;
  delete(path: string, options?: { readonly recursive?: boolean }): Promise<void>;
  /** The tree below a directory, `maxDepth` levels deep (0: no bound). */
  list(path: string, options?: { readonly maxDepth?: number }): Promise<FileEntry>;
  /** The whole workspace as a tar archive: directories, files, and symlinks as symlinks. */
  pack(): Promise<ReadableStream<Uint8Array>>;
  /**
   * Puts the directories, files and symlinks of a tar archive into the workspace, over what is there. The archive has been
   * checked: its paths are normal and relative, its links stay inside, and it holds nothing else.
   */
  unpack(archive: ReadableStream<Uint8Array>): Promise<void>;
}
