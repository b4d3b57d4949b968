import type { Answer } from "../core/answers/answer.ts";
import type { isolationSchema } from "../core/answers/runtime.ts";
import type { Availability, RuntimeCapabilities, RuntimeType } from "../core/capabilities.ts";
import type { Diagnosis } from "../core/diagnosis.ts";
import type { Needs, Surface } from "../core/needs.ts";
import type { Limits } from "../core/limits.ts";
import type { Progress } from "../core/progress.ts";
import type { Rejection } from "../core/selection.ts";
import type { PermissionSettings } from "../core/permissions/permissions.ts";
import type { Confinement } from "../sandbox/confinement.ts";
import type { Instance } from "../host/instance.ts";
import type { Clock } from "../concurrency/clock.ts";
import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { SelfTestResults } from "./self_test/self_test_results.ts";
import type { WarmPool } from "./warm/warm_pool.ts";
import type { Program, ProgramHandle, RunOptions } from "./program.ts";
import type { WorkspaceFiles } from "./workspace_files.ts";

export type { CellOrder, CellReport, Program, ProgramHandle, RunOptions, SharedBuild } from "./program.ts";
export type { WorkspaceFiles } from "./workspace_files.ts";

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
  /** The clock of work at intervals; absent, the machine's. */
  readonly clock?: Pick<Clock, "elapsed" | "every">;
  /** Shows downloads, and makes a request wait until they end. Absent, a request waits for a limited time. */
  readonly progress?: Progress;
  /** Whether parts that are missing are installed at their first use; absent, they are not. */
  readonly autoPrepare?: boolean;
}

/** The log for events of a runtime that no caller asked for. */
export interface RuntimeLog {
  info(message: string, facts: Readonly<Record<string, unknown>>): void;
  warning(message: string, facts: Readonly<Record<string, unknown>>): void;
}

/** Options of the question whether a runtime can be used. */
export interface AvailabilityOptions {
  /**
   * Whether a self-test that is not over counts as passed. Absent, it is begun and waited for. It is for a caller that
   * asks {@link ExecutionRuntime.pendingSelfTest} too.
   */
  readonly assumesSelfTest?: boolean;
  /** Whether a part that must be fetched first counts as missing; absent, it does not. */
  readonly fetchesNothing?: boolean;
  /** Whether a language that is present but untested counts as passed. Absent, it is tested first. */
  readonly assumesUntested?: boolean;
}

/** A configuration whose self-test a caller waits for. */
export interface SelfTestDemand extends Pick<RuntimeConfig, "minIsolation"> {
  /** The environment name; absent, the runtime as a whole is meant. */
  readonly environment?: string;
  /** Whether the caller waits for Docker up to a minute; absent, 2 s. */
  readonly isPatient?: boolean;
}

/** How a caller waits for an installation. */
export interface PreparationDemand {
  /** Whether the caller waits for the end. It need not where another runtime can run the program now. */
  readonly isAwaited: boolean;
  /** Whether the caller waits up to a minute; absent, 20 s. */
  readonly isPatient?: boolean;
}

/** The part of a runtime that is loaded at the first question beyond its facts. Disposing ends its background work. */
export interface LoadedRuntime extends AsyncDisposable {
  /**
   * Whether the runtime can be used now; with an environment name, whether that environment can. The answer is cached
   * for a short time and cannot hang.
   */
  isAvailable(environment?: string, options?: AvailabilityOptions): Promise<Availability>;

  /**
   * The self-test that this configuration needs, while it is not over. A call of the result begins it where it does not
   * run, and waits for its end: on Docker 2 s at most, a patient caller a minute. Absent where {@link isAvailable}
   * always waits for the self-test.
   */
  pendingSelfTest?(demand: SelfTestDemand): (() => Promise<void>) | undefined;

  /** The surface of a language. Undefined while it is not known, as before the first probe. Absent, none is known. */
  surface?(environment: string): Surface | undefined;

  /**
   * Grows when the answers of {@link isAvailable}, {@link assess} and {@link surface} may have changed. It counts for
   * requests in a language without permissions and inputs. Undefined while they can change without notice: while a check
   * is due or runs, or something has to be installed. Absent, they always can.
   */
  revision?(environment: string): number | undefined;

  /**
   * Begins to learn whether programs in a language find the features that they certainly need. That takes a run of a
   * program, for features that {@link surface} does not know. Settles within a few s, whether or not they are known
   * then; undefined where there is nothing to learn. Absent where every surface is known that can be.
   */
  learnSurface?(environment: string, needs: Needs): Promise<void> | undefined;

  /** Reports the layers around the runtime's programs and the self-test's findings. It does not throw. */
  diagnose(): Promise<Diagnosis>;

  /** Assesses an environment of this configuration: its isolation, and the promises that it cannot keep. */
  assess(config: RuntimeConfig, options?: Omit<AvailabilityOptions, "fetchesNothing">): Promise<Assessment>;

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

/** The port of a way to run programs. One instance serves the whole service. */
export interface ExecutionRuntime extends LoadedRuntime {
  /** The name on the wire and in the configuration. */
  readonly name: string;
  readonly type: RuntimeType;
  /** The environment names that the runtime runs. */
  readonly supportedEnvironments: readonly string[];
  /** The supported environment names that have contexts. */
  readonly contextEnvironments: readonly string[];
  /** Whether the runtime's code is loaded, or could not be. Absent, it is. */
  readonly isLoaded?: boolean;

  /** The declared capabilities; with an environment name, with the costs of that language's programs. */
  getCapabilities(environment?: string): RuntimeCapabilities;

  /**
   * Begins to install what an environment name lacks, once for all callers. Settles with its end, or when the caller
   * has waited long enough. Absent where nothing is installed by itself.
   *
   * @returns whether the end was seen
   */
  prepare?(environment: string, demand: PreparationDemand): Promise<boolean>;
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
export type Isolation = Answer<typeof isolationSchema>;

/** Inputs of a request that its program would not get. */
export type InputLack = Required<Pick<Rejection, "detail" | "fields">>;

/** The isolation that a configuration would get, and the promises that it would not keep. */
export interface Assessment {
  readonly isolation: Isolation;
  /** Why the environment cannot honour the permissions; absent when it can. */
  readonly cannotHonour?: string;
  /** Why the program would not get every input of the request; absent when it would. */
  readonly lacks?: InputLack;
  /** Memory in MB that a program or its compiler may take. Absent, it is the program's own limit. */
  readonly memoryMb?: number;
  /** Whether a self-test that is not over counts as passed here; absent, none does. */
  readonly assumesSelfTest?: boolean;
  /** Whether the environment would start cold; absent, it may start warm. */
  readonly startsCold?: boolean;
  /** What has to be installed first, by {@link ExecutionRuntime.prepare}; absent, nothing has. */
  readonly mustInstall?: string;
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
  /** Whether a compiler makes each program of a file first. Absent, none does. */
  readonly compiles?: boolean;
  /** Whether there is nothing to remove, so that it need not be disposed of. Absent, there may be. */
  readonly leavesNothing?: boolean;
  /** Why no packages can be installed here, with what to do instead. Default: they can. */
  readonly noPackages?: string | undefined;

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
