import type { DenialRecord } from "../../core/denials/denial_report.ts";
import type { Limits } from "../../core/limits.ts";
import type { Surface } from "../../core/needs.ts";
import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import type { Mount } from "../../sandbox/mount.ts";
import type { RuntimeFacts } from "../entry.ts";
import type { ExecutionEnvironment, RuntimeConfig, RuntimeHost } from "../port.ts";
import type { Hint } from "./hinting_filter.ts";
import type { ProgramCanary } from "./self_test/program_canary.ts";

/** A runtime whose programs are confined child processes: its data, and small functions for what is its own. */
export interface ProcessSpec {
  readonly facts: RuntimeFacts;
  /** Names its self-test and its directory: the runtime, or one language of it. */
  readonly subject: string;
  /** The name of the file for the code of a request; absent, that of its language. */
  readonly mainFile?: string | undefined;
  readonly binary: BinarySpec;
  /** Modules that run inside the child of a program: their text by path. */
  readonly modules: Readonly<Record<string, string>>;
  /** Writable directories of an environment beside the workspace and the one for temporary files. */
  readonly directories: readonly string[];
  /** What is made once for its compiler; absent, nothing. */
  readonly prebuilt?: PrebuiltSpec | undefined;
  /** Whether a compiler makes each program of a file first; absent, none does. */
  readonly compiles?: boolean;
  /** Address space that the binary reserves as data before its program begins, in bytes. */
  readonly reservedDataBytes: number;
  /** Memory of a process that its limit does not count, in MB, since its binary takes it for each; absent, none. */
  readonly overheadMb?: number;
  /** What stderr and the end of a program that ran out of memory have in common. */
  readonly memoryEndings: readonly MemoryEnding[];
  /** The permissions that the binary checks itself; absent, only the layers of the operating system hold. */
  readonly permissions?: PermissionSpec;
  /** Absent, no process starts before its program is known. */
  readonly warm?: WarmSpec;
  /** Absent, each program is a process of its own. */
  readonly shared?: SharedProcessSpec;
  /** Absent, no denial is reported. */
  readonly denials?: DenialSpec;
  /** Absent, no packages can be installed. */
  readonly packages?: PackageSpec | undefined;
  /** Command lines that it runs itself; absent, every command is another program. */
  readonly commands?: CommandSpec;
  /** Whether any command finds the binary by its name; absent, it does not. */
  readonly isOnPath?: boolean;
  /** Gives any command line what its own programs need of the machine; absent, that is nothing. */
  surround?(launch: Launch, site: LaunchSite): Launch;
  readonly selfTest: SelfTestSpec;
  launchFile(site: LaunchSite, program: FileProgram): Launch | Promise<Launch>;
  /** Absent, it has no contexts. */
  readonly contexts?: ContextSpec | undefined;
}

/** The binary that runs programs. */
export interface BinarySpec {
  /** @throws {CodeBeakerError} `runtime_unavailable` where there is none */
  find(): string;
  /** What to do where there is none. */
  readonly remedy: string;
  /** The honest program that shows whether the binary will do, by what it prints. */
  readonly probe: {
    readonly language: string;
    readonly code: string | Uint8Array<ArrayBuffer>;
    /** How long it may take; absent, 1.5 s. */
    readonly timeoutMs?: number | undefined;
    /** Why a binary that printed this will not do; undefined when it will. */
    whyNot(output: string): string | undefined;
    /** What programs find where it printed this; undefined where that is not known. Absent, the facts say it. */
    surfaceOf?(output: string): Surface | undefined;
  };
}

/** How the interpreters of contexts are launched. */
export interface ContextSpec {
  /** The modules of their processes; absent, they need none. */
  readonly modules?: {
    /** Where they lie among the modules of the spec. */
    readonly directory: string;
    /** Loads them, which the first context waits for: their text by the names of their files. */
    load(): Promise<Readonly<Record<string, string>>>;
  };
  launch(site: LaunchSite, program: ContextProgram): Launch;
}

/** A directory that takes long to make and is the same for every program, which sees it among the modules. */
export interface PrebuiltSpec {
  /** The shell script that makes the directory with a binary. It has nothing of a client in it, and runs unconfined. */
  script(directory: string, binary: string): string;
}

/** A sign of a program that ran out of memory. */
export interface MemoryEnding {
  /** What stderr holds then. */
  readonly pattern: RegExp;
  /** The exit codes and signals that it ends with then. */
  readonly endings: readonly (number | Deno.Signal)[];
}

/** Permissions that a binary checks itself. */
export interface PermissionSpec {
  /** What it checks, for a diagnosis. */
  readonly detail: string;
  /** What to do where the self-test finds the checks broken. */
  readonly remedy: string;
  /** Why it cannot keep to permissions; undefined when it can. */
  whyNotHonoured(permissions: PermissionSettings): string | undefined;
}

/** Processes that start before their program is known. */
export interface WarmSpec {
  /** Memory of one that waits, in MB. */
  readonly memoryMb: number;
  /** The same by environment name, where it is other memory; absent, it nowhere is. */
  readonly memoryMbByEnvironment?: Readonly<Record<string, number>>;
  /** Environment names for which one always waits. */
  readonly languages: readonly string[];
  /** Whether one serves every program of its language, which comes with {@link Launch.orders}; absent, that for which it was started. */
  readonly servesEveryProgram?: boolean;
}

/** Processes that run one program after another, all of one tenant; they start no others. */
export interface SharedProcessSpec {
  /** Whether programs of a configuration have processes in common, so that they are a level less isolated. */
  isShared(config: Pick<RuntimeConfig, "environment" | "minIsolation">): boolean;
  /** What a program may need that no program has in them; undefined where there is nothing. */
  lackOf(config: Pick<RuntimeConfig, "environment" | "environmentVariables" | "inputs">): string | undefined;
  open(parts: InstalledParts): SharedProcesses;
}

/** What stands ready to run programs with. */
export interface InstalledParts {
  readonly scratchDirectory: string;
  readonly binary: string;
  /** Where the modules of the spec lie. */
  readonly modulesDirectory: string;
  /** Writes the modules of a context's process there, once. @throws {CodeBeakerError} `runtime_unavailable` */
  writeContextModules(): Promise<void>;
}

/** The processes of one host. Disposing ends them. */
export interface SharedProcesses extends AsyncDisposable {
  /** Keeps one warm for the first program. */
  warmUp(): void;
  /** Makes an environment whose programs run in them. @throws {CodeBeakerError} `runtime_unavailable` */
  createEnvironment(config: RuntimeConfig): ExecutionEnvironment;
}

/** How what a child reports of denials is read. */
export interface DenialSpec {
  /** The denial that a report is about; undefined where it is about something else. Absent, the child reports none. */
  read?(reported: ReportedDenial, context: DenialContext): DenialRecord | undefined;
  /** Denials in the beginning and the end of stderr, which the child does not report itself. */
  readStderr(stderr: string, context: DenialContext): readonly DenialRecord[];
}

/** What a child reports of a denial: the message and the stack of an error. */
export interface ReportedDenial {
  readonly message: string;
  readonly stack: string;
}

/** What a denial is judged by. */
export interface DenialContext {
  readonly permissions: PermissionSettings;
  /** Names of the variables of the request. */
  readonly variables: readonly string[];
  /** Paths of the host, and what a client sees in their place. */
  readonly shownPaths: Readonly<Record<string, string>>;
}

/** How packages are installed. */
export interface PackageSpec {
  /** Where each package comes from, by its name. @throws {CodeBeakerError} `invalid_request` */
  parse(packages: readonly string[]): ReadonlyMap<string, string>;
  /** Files that the installer finds in its directory, by name. */
  stage(sources: ReadonlyMap<string, string>): Readonly<Record<string, string>>;
  /** The installer, whose directory is `staging`. @throws {CodeBeakerError} `runtime_unavailable` where there is none */
  launch(site: LaunchSite, staging: Mount): Pick<Launch, "argv" | "mounts" | "ownVariables">;
  /** Files of the installer's directory that every program finds as the installer left them. */
  readonly keptFiles: readonly string[];
  /** Where the packages lie: in one of {@link ProcessSpec.directories}, and at the same path below `staging`. */
  readonly tree: readonly [directory: string, name: string];
  /** Texts in the installer's stderr, and what a client sees in their place. */
  readonly shownTexts: Readonly<Record<string, string>>;
  /** What to do about errors that the installer reports. */
  readonly hints: readonly Hint[];
}

/** How it is tested that programs are confined. */
export interface SelfTestSpec {
  readonly canaries: readonly ProgramCanary[];
  /** The environment name that the canaries are written for. */
  readonly language: string;
  /** Names of variables that every program has, with values that are not the service's. */
  readonly variableNames: readonly string[];
  /** What findings depend on beside the binary, its modules, the canaries and the layers, as JSON has it; absent, nothing. */
  readonly version?: unknown;
}

/** Command lines that a runtime runs as programs of its own. */
export interface CommandSpec {
  /** The name of the command. */
  readonly name: string;
  /** The command lines that it runs, as a message names them. */
  readonly usage: string;
  /** Undefined for any other. @throws {CodeBeakerError} `permission_denied`, `invalid_request` */
  parse(command: Omit<CommandLine, "command">): CommandProgram | undefined;
}

/** A command line. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  /** Relative to the workspace. */
  readonly workingDirectory: string;
}

/** A file of the workspace to run, or code. */
export type CommandProgram =
  | { readonly kind: "file"; readonly path: string; readonly args: readonly string[] }
  | { readonly kind: "code"; readonly code: string; readonly extension: string; readonly args: readonly string[] };

/** Where programs of an environment run. */
export interface LaunchSite {
  /** The environment name of the programs. */
  readonly environment: string;
  readonly host: Pick<RuntimeHost, "confinement" | "openNetworks">;
  readonly permissions: PermissionSettings;
  readonly mounts: EnvironmentMounts;
}

/** Parts of the host's file system that programs of an environment need, each with the path at which they see it. */
export interface EnvironmentMounts {
  readonly workspace: Mount;
  readonly temporary: Mount;
  readonly binary: Mount;
  /** A writable directory of the environment, one of the spec's. */
  directory(name: string): Mount;
  /** A module of the spec, or a directory of them. */
  module(path: string): Mount;
  /** A directory of the environment for one compiler's output. */
  output(source: string): Mount;
  /** A directory of the environment in which packages are installed. */
  packages(source: string): Mount;
}

/** A file of the workspace to run. */
export interface FileProgram extends ContextProgram {
  readonly path: string;
  readonly args: readonly string[];
  /** Relative to the workspace. */
  readonly workingDirectory: string;
  /** A directory for its compiler's output, which is there as long as the program; undefined where none compiles. */
  readonly output: Mount | undefined;
  /** The text of the file; empty where it is not there yet. */
  readText(): Promise<string>;
}

/** What the interpreter of a context has in common with every program. */
export interface ContextProgram {
  /** Those of the request. */
  readonly variables: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /** The directory of the installer; absent where no packages are installed. */
  readonly packages: Mount | undefined;
}

/** How a process starts before its program is known, as far as it starts otherwise than with its program. */
export interface WaitingStart {
  /** Absent, the launch's own. */
  readonly argv?: Launch["argv"];
  /** Further variables; absent, none. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The file that it opens before it waits; absent, it opens none. */
  readonly opens?: OpenedFile;
  /** Absent, the launch's own. */
  readonly handshake?: Launch["handshake"];
}

/**
 * A file of the program that a process opens before it waits: a placeholder, which is removed as soon as the process
 * waits. The process then sees to it that it reads what has come in the placeholder's place.
 */
export interface OpenedFile {
  /** Relative to the workspace. */
  readonly path: string;
  /** The placeholder's text. */
  readonly text: string;
}

/** A command line, and what it needs. */
export interface Launch {
  readonly argv: readonly [string, ...string[]];
  /** Relative to the workspace. */
  readonly workingDirectory: string;
  /** Those of the request. */
  readonly variables: Readonly<Record<string, string>>;
  /** The service's own beside them, which no request can change. */
  readonly ownVariables: Readonly<Record<string, string>>;
  /** What is other for a process that starts before its program is known; absent, nothing. */
  readonly waiting?: WaitingStart;
  readonly mounts: readonly Mount[];
  readonly hasNetwork: boolean;
  readonly startsOthers: boolean;
  /** What the child does first: report that its program begins, or that it may, and then wait for the go. */
  readonly handshake: "ready" | "ready_and_go";
  /** What the child reads from stdin behind the go, before the program's own; absent, nothing. A process that waits does not have it. */
  readonly orders?: string;
  /** How many of its processes are the service's own; absent, none. */
  readonly ownProcesses?: number;
  /** Paths below `/etc` that a program which starts others needs copies of; absent, none. */
  readonly etcPaths?: readonly string[];
  /** Texts that it finds below `/etc`, by their paths; absent, none. */
  readonly etcTexts?: Readonly<Record<string, string>>;
  /** What makes the program, and has ended before it begins; absent, it is there. */
  readonly compile?: Launch;
}

/** Memory of a process that waits for a program in a language, in MB. */
export function warmMemoryMb(
  { memoryMb, memoryMbByEnvironment }: Pick<WarmSpec, "memoryMb" | "memoryMbByEnvironment">,
  environment: string,
): number {
  return memoryMbByEnvironment?.[environment] ?? memoryMb;
}
