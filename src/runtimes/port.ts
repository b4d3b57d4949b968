import type { Availability, RuntimeCapabilities, RuntimeType } from "../core/capabilities.ts";
import type { CellAnswer } from "../core/cell.ts";
import type { Diagnosis } from "../core/diagnosis.ts";
import type { CompileResult, Outcome, OutputChunk, ProgramUsage } from "../core/execution.ts";
import type { FileEntry, FileReading, VisitedEntry, WriteMode } from "../core/files.ts";
import type { Needs, Surface } from "../core/needs.ts";
import type { LimitName, Limits } from "../core/limits.ts";
import type { Progress } from "../core/progress.ts";
import type { PermissionSettings } from "../core/permissions/permissions.ts";
import type { DenialReport } from "../core/denials/denial_report.ts";
import type { Confinement } from "../sandbox/confinement.ts";
import type { Instance } from "../host/instance.ts";
import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { SelfTestResults } from "./self_test/self_test_results.ts";
import type { WarmPool } from "./warm/warm_pool.ts";

/** The means that the service lends to every runtime. */
export interface RuntimeHost {
  /**
   * The directory for files that last no longer than the service. Other users may pass through it. Undefined where none
   * can be made.
   */
  readonly scratchDirectory: string | undefined;
  /** The directory for files that outlast the service; undefined where none do. */
  readonly home?: string | undefined;
  readonly confinement: Confinement;
  /** Private IPv4 networks (CIDR) that the operator opened to programs with network. */
  readonly openNetworks: readonly string[];
  /** The settings of each runtime by its name, with defaults for absent ones. A runtime parses its own. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Directories in which a binary without a directory is looked up. */
  readonly searchPath: readonly string[];
  /** Identity under which containers are labelled and recovered; undefined without a home directory. */
  readonly instance: Instance | undefined;
  /** Self-tests that earlier processes passed on this machine. */
  readonly selfTestResults: Pick<SelfTestResults, "has" | "add">;
  /**
   * The ids of environments of an earlier process that may yet be attached again. Until an id leaves this set, no
   * runtime removes its environment.
   */
  readonly recoverable: ReadonlySet<string>;
  /** The names of the runtimes that run any command line, for refusals. Absent, none is known. */
  readonly shellRuntimes?: readonly string[];
  /** The memory budget of sessions and warm processes; absent, memory is not counted. */
  readonly memory?: Pick<MemoryBudget, "forSession" | "forWorkspace">;
  /** The pool of warm environments; absent, nothing is warm. */
  readonly pool?: Pick<WarmPool, "count" | "lease" | "onEvictAll" | "schedule" | "warmUp">;
  readonly log: RuntimeLog;
  /** Shows downloads, and makes a request wait until they end. Absent, a request waits for a limited time. */
  readonly progress?: Progress;
}

/** The log for events of a runtime that no caller asked for. */
export interface RuntimeLog {
  info(message: string, facts: Readonly<Record<string, unknown>>): void;
  warning(message: string, facts: Readonly<Record<string, unknown>>): void;
}

/** Options of the question whether a runtime can be used. */
export interface AvailabilityOptions {
  /**
   * Whether a running self-test counts as passed; absent, the answer waits for its end. It is for a caller that awaits
   * {@link ExecutionRuntime.whenSelfTested} too.
   */
  readonly assumesSelfTest?: boolean;
  /** Whether a part that must be fetched first counts as missing; absent, it does not. */
  readonly fetchesNothing?: boolean;
  /** Whether a language that is present but untested counts as passed. Absent, it is tested first. */
  readonly assumesUntested?: boolean;
}

/** A configuration whose self-test a caller waits for. */
export interface SelfTestDemand extends Pick<RuntimeConfig, "minIsolation"> {
  /** Whether the caller waits up to a minute; absent, 2 s. */
  readonly isPatient?: boolean;
}

/** The port of a way to run programs. One instance serves the whole service; disposing ends its background work. */
export interface ExecutionRuntime extends AsyncDisposable {
  /** The name on the wire and in the configuration. */
  readonly name: string;
  readonly type: RuntimeType;
  /** The environment names that the runtime runs. */
  readonly supportedEnvironments: readonly string[];
  /** The supported environment names that have contexts. */
  readonly contextEnvironments: readonly string[];

  /**
   * Whether the runtime can be used now; with an environment name, whether that environment can. The answer is cached
   * for a short time and cannot hang.
   */
  isAvailable(environment?: string, options?: AvailabilityOptions): Promise<Availability>;

  /**
   * Settles when the running self-test that this configuration needs is over; undefined when none runs. It settles
   * after 2 s at the latest, for a patient caller after a minute. Absent where {@link isAvailable} always waits for the
   * self-test.
   */
  whenSelfTested?(demand: SelfTestDemand): Promise<void> | undefined;

  /** The declared capabilities; with an environment name, with the costs of that language's programs. */
  getCapabilities(environment?: string): RuntimeCapabilities;

  /** The surface of a language. Undefined while it is not known, as before the first probe. Absent, none is known. */
  surface?(environment: string): Surface | undefined;

  /**
   * Begins to learn whether programs in a language find the features that they certainly need. That takes a run of a
   * program, for features that {@link surface} does not know. Settles within a few s, whether or not they are known
   * then; undefined where there is nothing to learn. Absent where every surface is known that can be.
   */
  learnSurface?(environment: string, needs: Needs): Promise<void> | undefined;

  /** Reports the layers around the runtime's programs and the self-test's findings. It does not throw. */
  diagnose(): Promise<Diagnosis>;

  /** Assesses an environment of this configuration: its isolation, and the promises that it cannot keep. */
  assess(config: RuntimeConfig, options?: Pick<AvailabilityOptions, "assumesUntested">): Promise<Assessment>;

  /**
   * Makes an execution environment, which the caller disposes of.
   *
   * @throws {CodeBeakerError} `runtime_unavailable`; no user code has begun then
   */
  createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment>;

  /**
   * Attaches an environment of this instance that has outlived the process that made it. It has its files, and no
   * program runs in it. Undefined when there is none. Absent where no environment outlives the process.
   *
   * @param id the environment's own, one of {@link RuntimeHost.recoverable}
   * @throws {CodeBeakerError} `runtime_unavailable` when the environment cannot be looked up now
   */
  reattachEnvironment?(id: string, config: RuntimeConfig): Promise<ExecutionEnvironment | undefined>;
}

/** The configuration of an execution environment. */
export interface RuntimeConfig {
  /** The environment name, in its canonical form. */
  readonly environment: string;
  /**
   * An existing directory of the host to use as the workspace. It is left in place. Absent, the runtime makes one and
   * removes it.
   */
  readonly workspaceDirectory?: string;
  /** Variables of every program. */
  readonly environmentVariables: Readonly<Record<string, string>>;
  readonly resourceLimits: Limits;
  readonly permissions: PermissionSettings;
  /** The required isolation, 0 (any) to 10. A runtime that has several levels gives the lowest that reaches it. */
  readonly minIsolation: number;
  /** Whether the caller will only write files, run one program and dispose. A runtime may then take a shorter way. */
  readonly singleUse?: boolean;
  /** Whether that one program is the main file without arguments. A warm environment can run it. */
  readonly runsMainFile?: boolean;
  /** The inputs of the program beside files and variables; absent, none is known. */
  readonly inputs?: readonly ("arguments" | "stdin")[];
  /** Whether no warm environment may serve the request, since its cold start is measured. */
  readonly startsCold?: boolean;
  /** The owner: an environment that is warm with variables of one tenant serves no other. */
  readonly tenant?: string;
}

/** The isolation that is in force. */
export interface Isolation {
  readonly level: number;
  /** The active layers, the innermost first. */
  readonly layers: readonly string[];
  /** The limits that are enforced. */
  readonly limits: readonly LimitName[];
}

/** The isolation that a configuration would get, and the promises that it would not keep. */
export interface Assessment {
  readonly isolation: Isolation;
  /** Why the environment cannot honour the permissions; absent when it can. */
  readonly cannotHonour?: string;
  /** Why the program would not get every input of the request; absent when it would. */
  readonly lacks?: string;
  /** Memory in MB that a program or its compiler may take. Absent, it is the program's own limit. */
  readonly memoryMb?: number;
  /** Whether the environment would start cold; absent, it may start warm. */
  readonly startsCold?: boolean;
}

/**
 * One isolated place: a workspace and the programs in it. Disposing ends the programs and removes everything that was
 * made.
 */
export interface ExecutionEnvironment extends AsyncDisposable {
  readonly id: string;
  readonly language: string;
  /** Whether the environment was prepared ahead of time. */
  readonly warm: boolean;
  readonly files: WorkspaceFiles;

  /**
   * The name of the file for code in a language.
   *
   * @throws {CodeBeakerError} `unsupported_language` for a language that the environment does not run
   */
  mainFile(language?: string): string;

  /**
   * Starts a program; returns when it may begin.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when it could not be started, and no user code has begun;
   *   `permission_denied` when this runtime does not run such a program; `invalid_request` for an input that no program
   *   sees here; `unsupported_language` for a context in a language without an interpreter
   */
  run(program: Program, options: RunOptions): Promise<ProgramHandle>;
}

/**
 * A program to run, of one of four kinds. `file` is a file of the workspace in the environment's language; `shell` is a
 * command line. `install` installs packages into the workspace: it has network whatever the permissions say, and runs
 * nothing that the packages bring. `context` is the interpreter of a context.
 *
 * An interpreter reads lines of JSON on stdin: `{ cell: CellOrder }` when no other cell runs, and `{ interrupt: true
 * }`. It reports the end of a cell on both streams by `NUL BEL STX`, the cell's secret, JSON, and a line feed; the JSON
 * on stdout is a `CellReport`. It reports each display of the cell, a `MimeBundle`, on stdout in the same way, with
 * `EOT` for the line feed: at most 1,000 displays, of at most `maxResultBytes` together. Long JSON may come in parts,
 * as other processes write to the same pipes. Each part begins with `NUL BEL STX` and the secret, and ends with `ETB`
 * where another part follows. Bytes between parts are output.
 */
export type Program =
  | { readonly kind: "file"; readonly path: string; readonly args: readonly string[] }
  | {
    readonly kind: "shell";
    readonly command: string;
    readonly args: readonly string[];
    readonly workingDirectory: string;
  }
  | { readonly kind: "install"; readonly packages: readonly string[] }
  | { readonly kind: "context"; readonly language: string };

/** An order to the interpreter of a context to evaluate a cell. */
export interface CellOrder {
  /** The file name in stack traces. */
  readonly name: string;
  readonly code: string;
  readonly language: string;
  readonly timeoutMs: number;
  /** The most bytes of a value, and of all displays together, as JSON. */
  readonly maxResultBytes: number;
  /** The most characters of the value's text, and of each text about an error. */
  readonly maxTextLength: number;
  /** Marks the reports of the cell. */
  readonly secret: string;
}

/** The end of a cell, as the program's own process reports it. */
export interface CellReport extends Omit<CellAnswer, "displays"> {
  /** How the cell ended. The interpreter has printed a failure on stderr. */
  readonly kind: "done" | "failed" | "timed_out" | "interrupted";
}

/** Options of one program. */
export interface RunOptions {
  /** Variables beside those of the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether the program gets a text on stdin. Default: no. */
  readonly hasStdin?: boolean;
  readonly limits: Limits;
  /** Aborting ends the program; its outcome is then `cancelled`. */
  readonly signal?: AbortSignal;
}

/** A running program. */
export interface ProgramHandle {
  readonly stdin: WritableStream<Uint8Array>;
  /**
   * All output of the program. The owner reads it to the end or cancels it; a program that is not read is slowed down.
   */
  readonly output: ReadableStream<OutputChunk>;
  /** Settles when the program has ended, whether or not its output was read. It does not reject. */
  readonly outcome: Promise<Outcome>;
  usage(): ProgramUsage;
  /** Samples the program's usage now, for {@link usage}. Present where usage is not polled. It does not throw. */
  sample?(): Promise<unknown>;
  /**
   * The result of the compiler, which has ended; present for a compiled language. Where the compiler failed, nothing
   * runs, and the outcome is the compiler's.
   */
  readonly compile?: CompileResult;
  /**
   * The denials of the program so far. They are complete once it has ended and its output was read. Absent where no
   * denials are reported.
   */
  denials?(): DenialReport;
  /** Forgets the denials so far, so that {@link denials} has only later ones. Present where a context can be. */
  forgetDenials?(): void;
  /** Signals the program and every process that it started. */
  kill(signal: Deno.Signal): void;
}

/**
 * The files of a workspace. Every path is normal and relative (`parseWorkspacePath`); symlinks are not followed out.
 */
export interface WorkspaceFiles {
  /** Describes the entry at a path. With `follow`, it describes the target of a symlink at the end. */
  stat(path: string, options?: { readonly follow?: boolean }): Promise<FileEntry>;
  /** Reads the bytes from `offset` (absent: 0), at most `length` (absent: all). */
  read(
    path: string,
    options?: { readonly offset?: number; readonly length?: number },
  ): Promise<ReadableStream<Uint8Array>>;
  /**
   * Reads regular files whole, and calls `onFile` for each in their order. A file of more than `maxBytes` is
   * `too_large`, and an entry that is no regular file is `invalid_request`. An error of `onFile` ends the reading.
   */
  readFiles(
    paths: readonly string[],
    options: { readonly maxBytes: number; onFile(reading: FileReading): void },
  ): Promise<void>;
  /**
   * Writes a file, and makes the directories above it. `create` makes or replaces the file; `create_new` fails when it
   * exists.
   */
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
  /**
   * Calls `onEntry` for every entry below a directory, in no order. It goes `maxDepth` levels deep (0: no bound), and
   * there may be any number of entries. An error of `onEntry` ends the visit.
   */
  visit(
    path: string,
    options: { readonly maxDepth?: number; onEntry(entry: VisitedEntry): void },
  ): Promise<void>;
  /** The whole workspace as a tar archive: directories, files, and symlinks as symlinks. */
  pack(): Promise<ReadableStream<Uint8Array>>;
  /**
   * Unpacks a tar archive into the workspace, over the files that are there. The archive has been checked: it holds
   * only directories, files and symlinks, its paths are normal and relative, and its links stay inside.
   */
  unpack(archive: ReadableStream<Uint8Array>): Promise<void>;
}
