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

/** What the service lends to every runtime. */
export interface RuntimeHost {
  /** For what lasts no longer than the service; others may pass through it. Undefined where none can be made. */
  readonly scratchDirectory: string | undefined;
  /** For what outlasts the service; undefined where nothing does. */
  readonly home?: string | undefined;
  readonly confinement: Confinement;
  /** Private IPv4 networks (CIDR) that the operator opened to programs with network. */
  readonly openNetworks: readonly string[];
  /** The settings of each runtime by its name, which it parses itself; absent ones have their default. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Directories in which a binary without a directory is looked up. */
  readonly searchPath: readonly string[];
  /** Identity under which containers are labelled and recovered; undefined without a home directory. */
  readonly instance: Instance | undefined;
  /** Self-tests that earlier processes passed on this machine. */
  readonly selfTestResults: Pick<SelfTestResults, "has" | "add">;
  /**
   * Environments of an earlier process that may yet be attached again by their ids: until they leave this set, nobody
   * removes them.
   */
  readonly recoverable: ReadonlySet<string>;
  /** The names of the runtimes that run any command line, for those that refuse one; absent, none is known. */
  readonly shellRuntimes?: readonly string[];
  /** Memory that what is idle may hold, for as long as it is there. Absent, there always is some. */
  readonly memory?: Pick<MemoryBudget, "forSession" | "forWorkspace">;
  /** The pool of warm environments; absent, nothing is warm. */
  readonly pool?: Pick<WarmPool, "count" | "lease" | "onEvictAll" | "schedule" | "warmUp">;
  readonly log: RuntimeLog;
  /** Shows downloads, and makes a request wait until they end; absent, a request waits for a limited time. */
  readonly progress?: Progress;
}

/** Where a runtime writes what no caller asked for. */
export interface RuntimeLog {
  info(message: string, facts: Readonly<Record<string, unknown>>): void;
  warning(message: string, facts: Readonly<Record<string, unknown>>): void;
}

/** How it is answered whether a runtime can be used. */
export interface AvailabilityOptions {
  /**
   * Whether the self-test counts as passed while it runs, for who looks at {@link ExecutionRuntime.whenSelfTested} too; absent, it is waited
   * for.
   */
  readonly assumesSelfTest?: boolean;
  /** Whether what would have to be fetched first counts as not there; absent, it can be had. */
  readonly fetchesNothing?: boolean;
  /** Whether what has not been tested yet counts as passed where it is there; absent, it is tested first. */
  readonly assumesUntested?: boolean;
}

/** The configuration whose self-test is waited for, and how long. */
export interface SelfTestDemand extends Pick<RuntimeConfig, "minIsolation"> {
  /** Whether it is waited for up to a minute; absent, 2 s. */
  readonly isPatient?: boolean;
}

/** The port of a way to run programs. One instance serves the whole service; disposing ends what it does by itself. */
export interface ExecutionRuntime extends AsyncDisposable {
  /** The name on the wire and in the configuration. */
  readonly name: string;
  readonly type: RuntimeType;
  /** The environment names whose whole surface it offers. */
  readonly supportedEnvironments: readonly string[];
  /** Those of them that have contexts. */
  readonly contextEnvironments: readonly string[];

  /**
   * Whether it can be used now and, with an environment name, whether that one can be had. The answer is cached for a
   * short time and cannot hang.
   */
  isAvailable(environment?: string, options?: AvailabilityOptions): Promise<Availability>;

  /**
   * Settles when the self-test is over that this configuration waits for, and after 2 s at the latest, or a minute for
   * who is patient; undefined when none runs. Absent where it is never told apart from {@link isAvailable}.
   */
  whenSelfTested?(demand: SelfTestDemand): Promise<void> | undefined;

  /** Its declared capabilities; with an environment name, with the costs of programs in it. */
  getCapabilities(environment?: string): RuntimeCapabilities;

  /**
   * What programs in a language find here; undefined where that is not known, as before its first availability. Absent,
   * nothing is known.
   */
  surface?(environment: string): Surface | undefined;

  /**
   * Begins to learn whether programs in a language find what they certainly need, where {@link surface} does not know and a
   * program would have to be run for it. Settles within a few s, whether or not it is known then; undefined where there is
   * nothing to learn. Absent where all is known that can be.
   */
  learnSurface?(environment: string, needs: Needs): Promise<void> | undefined;

  /** The layers around its programs and the self-test's findings; it does not throw. */
  diagnose(): Promise<Diagnosis>;

  /** What an environment with this configuration would be: how isolated, and whether it can keep every promise. */
  assess(config: RuntimeConfig, options?: Pick<AvailabilityOptions, "assumesUntested">): Promise<Assessment>;

  /**
   * Makes an isolated place that the caller disposes of.
   *
   * @throws {CodeBeakerError} `runtime_unavailable`; no user code has begun then
   */
  createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment>;

  /**
   * An environment of this instance that outlived the process which made it: with its files, and with nothing running
   * in it. Undefined when there is none. Absent where nothing outlives the process.
   *
   * @param id the environment's own, one of {@link RuntimeHost.recoverable}
   * @throws {CodeBeakerError} `runtime_unavailable` when that cannot be told now
   */
  reattachEnvironment?(id: string, config: RuntimeConfig): Promise<ExecutionEnvironment | undefined>;
}

/** What an execution environment is made from. */
export interface RuntimeConfig {
  /** The environment name, in its canonical form. */
  readonly environment: string;
  /**
   * An existing directory of the host to use as the workspace, left in place; absent, the runtime makes one and removes
   * it.
   */
  readonly workspaceDirectory?: string;
  /** Variables of every program. */
  readonly environmentVariables: Readonly<Record<string, string>>;
  readonly resourceLimits: Limits;
  readonly permissions: PermissionSettings;
  /**
   * The isolation that was asked for, 0 (any) to 10: a runtime that has several levels gives the lowest that reaches
   * it.
   */
  readonly minIsolation: number;
  /** Whether the caller will only write files, run one program and dispose; a runtime may then take a shorter way. */
  readonly singleUse?: boolean;
  /** Whether that one program is the main file without arguments, which a warm environment can run. */
  readonly runsMainFile?: boolean;
  /** What the request gives its program beside files and variables; absent, nothing that is known. */
  readonly inputs?: readonly ("arguments" | "stdin")[];
  /** Whether no warm environment may serve it, since its cold start is measured. */
  readonly startsCold?: boolean;
  /** The owner: an environment that is warm with variables of one tenant serves no other. */
  readonly tenant?: string;
}

/** How isolated something really is. */
export interface Isolation {
  readonly level: number;
  /** The active layers, the innermost first. */
  readonly layers: readonly string[];
  /** The limits that are enforced. */
  readonly limits: readonly LimitName[];
}

/** The isolation that a configuration would get, and the promises that it would not. */
export interface Assessment {
  readonly isolation: Isolation;
  /** Why it cannot keep the promise that the permissions make; absent when it can. */
  readonly cannotHonour?: string;
  /** What the request has for its program and the program would not find; absent where it finds all. */
  readonly lacks?: string;
  /** Memory in MB that a program may take with what makes it, as a compiler; absent, it is its own limit. */
  readonly memoryMb?: number;
  /** Whether it would start cold; absent, it may start warm. */
  readonly startsCold?: boolean;
}

/** One isolated place: a workspace and the programs in it. Disposing ends them and removes what was made. */
export interface ExecutionEnvironment extends AsyncDisposable {
  readonly id: string;
  readonly language: string;
  /** Whether it was prepared ahead of time. */
  readonly warm: boolean;
  readonly files: WorkspaceFiles;

  /**
   * The name of the file for code in a language.
   *
   * @throws {CodeBeakerError} `unsupported_language` when it does not speak it
   */
  mainFile(language?: string): string;

  /**
   * Starts a program; returns when it may begin.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when it could not be started, and no user code has begun;
   *   `permission_denied` when this runtime does not run such a program; `invalid_request` when it is given what no
   *   program sees here; `unsupported_language` for a context in a language that it has no interpreter for
   */
  run(program: Program, options: RunOptions): Promise<ProgramHandle>;
}

/**
 * What to run: a file of the workspace in the environment's language, a command line, the installation of packages
 * into the workspace, which has network whatever the permissions say and runs nothing that the packages bring, or the
 * interpreter of a context.
 *
 * An interpreter reads lines of JSON on stdin: `{ cell: CellOrder }` when no other cell is under way, and
 * `{ interrupt: true }`. It tells the end of a cell on both streams by `NUL BEL STX`, the cell's secret, JSON, and a line
 * feed; that on stdout is a `CellReport`. It sends each display of the cell, a `MimeBundle`, on stdout in the same way, with
 * `EOT` for the line feed: at most 1,000, of at most `maxResultBytes` together. Long JSON may come in parts, as others write
 * to the same pipes: each is led by `NUL BEL STX` and the secret, and ends with `ETB` where another follows. What stands
 * between parts is output.
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

/** What the interpreter of a context is to evaluate. */
export interface CellOrder {
  /** The file name in stack traces. */
  readonly name: string;
  readonly code: string;
  readonly language: string;
  readonly timeoutMs: number;
  /** The most that a value, and all displays together, may be long as JSON. */
  readonly maxResultBytes: number;
  /** The most characters of the value's text, and of each text about an error. */
  readonly maxTextLength: number;
  /** Marks the report of its end. */
  readonly secret: string;
}

/** How a cell ended, as the program's own process says. */
export interface CellReport extends Omit<CellAnswer, "displays"> {
  /** A failure was printed on stderr. */
  readonly kind: "done" | "failed" | "timed_out" | "interrupted";
}

/** What holds for one program. */
export interface RunOptions {
  /** Variables beside those of the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether it is given a text on stdin. Default: no. */
  readonly hasStdin?: boolean;
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
  /** Measures its usage now, for {@link usage}; present where usage is not polled. It does not throw. */
  sample?(): Promise<unknown>;
  /**
   * Present for a compiled language: the compiler has ended. Where it failed nothing runs, and the outcome is the
   * compiler's.
   */
  readonly compile?: CompileResult;
  /**
   * What it was refused so far; everything, once it has ended and its output was read. Absent where nothing is refused.
   */
  denials?(): DenialReport;
  /** From now on {@link denials} tells only what comes then. Present where a context can be. */
  forgetDenials?(): void;
  /** Signals the program and everything it started. */
  kill(signal: Deno.Signal): void;
}

/**
 * The files of a workspace. Every path is normal and relative (`parseWorkspacePath`); symlinks are not followed out.
 */
export interface WorkspaceFiles {
  /** What a path is; with `follow`, what a symlink at its end points to. */
  stat(path: string, options?: { readonly follow?: boolean }): Promise<FileEntry>;
  /** The bytes from `offset` (0), at most `length` (all). */
  read(
    path: string,
    options?: { readonly offset?: number; readonly length?: number },
  ): Promise<ReadableStream<Uint8Array>>;
  /**
   * Reads regular files whole, and calls `onFile` for each in their order. One of more than `maxBytes` is `too_large`,
   * and what is no regular file `invalid_request`. An error of `onFile` ends the reading.
   */
  readFiles(
    paths: readonly string[],
    options: { readonly maxBytes: number; onFile(reading: FileReading): void },
  ): Promise<void>;
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
  /**
   * Calls `onEntry` for every entry below a directory, `maxDepth` levels deep (0: no bound), in no order and however many
   * there are. An error of `onEntry` ends the visit.
   */
  visit(
    path: string,
    options: { readonly maxDepth?: number; onEntry(entry: VisitedEntry): void },
  ): Promise<void>;
  /** The whole workspace as a tar archive: directories, files, and symlinks as symlinks. */
  pack(): Promise<ReadableStream<Uint8Array>>;
  /**
   * Puts the directories, files and symlinks of a tar archive into the workspace, over what is there. The archive has
   * been checked: its paths are normal and relative, its links stay inside, and it holds nothing else.
   */
  unpack(archive: ReadableStream<Uint8Array>): Promise<void>;
}
