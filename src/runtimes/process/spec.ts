import type { DenialRecord } from "../../core/denials/denial_report.ts";
import type { Surface } from "../../core/needs.ts";
import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import type { Mount } from "../../sandbox/mount.ts";
import type { RuntimeFacts } from "../entry.ts";
import type { ExecutionEnvironment, InputLack, RuntimeConfig } from "../port.ts";
import type { Hint } from "./hinting_filter.ts";
import type { ContextProgram, FileProgram, Launch, LaunchSite } from "./launch.ts";
import type { ProgramCanary } from "./self_test/program_canary.ts";

/**
 * The spec of a runtime whose programs are confined child processes. It has data, and small functions where the runtime
 * differs from others.
 */
export interface ProcessSpec {
  readonly facts: RuntimeFacts;
  /** Names its self-test and its directory: the runtime, or one language of it. */
  readonly subject: string;
  /** The file name for the code of a request; absent, that of its language. */
  readonly mainFile?: string | undefined;
  readonly binary: BinarySpec;
  /** Modules that run inside the child of a program: their text by path. */
  readonly modules: Readonly<Record<string, string>>;
  /** Writable directories of an environment beside the workspace and the one for temporary files. */
  readonly directories: readonly string[];
  /** The directory that is prebuilt for the compiler; absent, there is none. */
  readonly prebuilt?: PrebuiltSpec | undefined;
  /** Whether a compiler makes each program of a file first; absent, none does. */
  readonly compiles?: boolean;
  /** Address space that the binary reserves as data before its program begins, in bytes. */
  readonly reservedDataBytes: number;
  /** Memory that the binary takes for each process, beside the limit, in MB; absent, none. */
  readonly overheadMb?: number;
  /** The signs of a program that ran out of memory. */
  readonly memoryEndings: readonly MemoryEnding[];
  /** The permissions that the binary checks itself. Absent, only the layers of the operating system hold. */
  readonly permissions?: PermissionSpec;
  /** The warm processes; absent, no process starts before its program is known. */
  readonly warm?: WarmSpec;
  /** The shared processes; absent, each program is a process of its own. */
  readonly shared?: SharedProcessSpec;
  /** How denials are read; absent, no denial is reported. */
  readonly denials?: DenialSpec;
  /** How packages are installed; absent, none can be. */
  readonly packages?: PackageSpec | undefined;
  /** Why no packages can be installed, with a remedy. Absent, the runtime installs none. */
  readonly noPackages?: string;
  /** Command lines that the binary runs itself; absent, every command is another program. */
  readonly commands?: CommandSpec;
  /** Whether any command finds the binary by its name; absent, it does not. */
  readonly isOnPath?: boolean;
  /** Adds variables and the machine's files to a command's launch; absent, nothing. */
  surround?(launch: Launch, site: LaunchSite & Partial<Pick<ContextProgram, "packages">>): Launch;
  readonly selfTest: SelfTestSpec;
  launchFile(site: LaunchSite, program: FileProgram): Launch | Promise<Launch>;
  /** How contexts are launched; absent, there are none. */
  readonly contexts?: ContextSpec | undefined;
}

/** The binary that runs programs. */
export interface BinarySpec {
  /** Whether programs see the binary at its own path; absent, they do not. */
  readonly isSeen?: boolean;
  /** The path of the binary. @throws {CodeBeakerError} `runtime_unavailable` where there is none */
  find(): string;
  /** The remedy where there is no binary. */
  readonly remedy: string;
  /** The honest program whose output shows whether the binary will do. */
  readonly probe: {
    readonly language: string;
    readonly code: string | Uint8Array<ArrayBuffer>;
    /** How long the program may take; absent, 1.5 s. */
    readonly timeoutMs?: number | undefined;
    /** The versions that will do, for the message on a binary that does not start. Absent, any will. */
    readonly needs?: string | undefined;
    /** Why a binary that printed this will not do; undefined when it will. */
    whyNot(output: string): string | undefined;
    /** The surface that this output shows; undefined where it is not known. Absent, the facts have the surface. */
    surfaceOf?(output: string): Surface | undefined;
  };
}

/** How the interpreters of contexts are launched. */
export interface ContextSpec {
  /** The modules of their processes; absent, they need none. */
  readonly modules?: {
    /** Their directory among the modules of the spec. */
    readonly directory: string;
    /** Loads the modules for the first context: their texts by file name. */
    load(): Promise<Readonly<Record<string, string>>>;
  };
  launch(site: LaunchSite, program: ContextProgram): Launch;
}

/** A directory that takes long to make and is the same for every program. Programs see it among the modules. */
export interface PrebuiltSpec {
  /** The shell script that makes the directory with a binary. It has nothing of a client in it, and runs unconfined. */
  script(directory: string, binary: string): string;
}

/** A sign of a program that ran out of memory. */
export interface MemoryEnding {
  /** Matches the stderr of such a program. */
  readonly pattern: RegExp;
  /** The exit codes and signals of such a program. */
  readonly endings: readonly (number | Deno.Signal)[];
}

/** Permissions that a binary checks itself. */
export interface PermissionSpec {
  /** A description of the checks, for a diagnosis. */
  readonly detail: string;
  /** The remedy where the self-test finds the checks broken. */
  readonly remedy: string;
  /** Why the binary cannot keep to permissions; undefined when it can. */
  whyNotHonoured(permissions: PermissionSettings): string | undefined;
}

/** Processes that start before their program is known. */
export interface WarmSpec {
  /** Memory of a warm process, in MB. */
  readonly memoryMb: number;
  /** Memory by environment name where it differs, in MB; absent, it differs nowhere. */
  readonly memoryMbByEnvironment?: Readonly<Record<string, number>>;
  /** Environment names for which a process is always warm. */
  readonly languages: readonly string[];
  /**
   * Whether a process serves every program of its language, which comes with {@link Launch.orders}. Absent, it serves
   * the program for which it was started.
   */
  readonly servesEveryProgram?: boolean;
}

/** Processes that run one program after another, all of one tenant. They start no other processes. */
export interface SharedProcessSpec {
  /** Whether programs of a configuration share processes, so that they are a level less isolated. */
  isShared(config: Pick<RuntimeConfig, "environment" | "minIsolation">): boolean;
  /** How to get processes that no other program has run in. */
  readonly remedy: string;
  /** Why a program in these processes would not get every input; undefined when it would. */
  lackOf(config: Pick<RuntimeConfig, "environment" | "environmentVariables" | "inputs">): InputLack | undefined;
  open(parts: InstalledParts): SharedProcesses;
}

/** The installed parts that programs run with. */
export interface InstalledParts {
  readonly scratchDirectory: string;
  readonly binary: string;
  /** The identity of the binary as it was found. */
  readonly identity: string | undefined;
  /** The directory with the modules of the spec. */
  readonly modulesDirectory: string;
  /** Writes the modules of contexts into that directory, once. @throws {CodeBeakerError} `runtime_unavailable` */
  writeContextModules(): Promise<void>;
}

/** The processes of one host. Disposing ends them. */
export interface SharedProcesses extends AsyncDisposable {
  /** Keeps a process warm for the first program. */
  warmUp(): void;
  /** Makes an environment whose programs run in these processes. @throws {CodeBeakerError} `runtime_unavailable` */
  createEnvironment(config: RuntimeConfig): ExecutionEnvironment;
}

/** How the denials of a child are read. */
export interface DenialSpec {
  /** The denial of a report; undefined where the report is no denial. Absent, the child reports none. */
  read?(reported: ReportedDenial, context: DenialContext): DenialRecord | undefined;
  /** The denials in the beginning and the end of stderr. The child does not report these itself. */
  readStderr(stderr: string, context: DenialContext): readonly DenialRecord[];
}

/** A child's report of a denial: the message and the stack of an error. */
export interface ReportedDenial {
  readonly message: string;
  readonly stack: string;
}

/** The facts by which a denial is judged. */
export interface DenialContext {
  readonly permissions: PermissionSettings;
  /** Names of the variables of the request. */
  readonly variables: readonly string[];
  /** Paths of the host, and the texts that a client sees instead. */
  readonly shownPaths: Readonly<Record<string, string>>;
  /** Whether it is a command line of a client, which has no network. Default: false. */
  readonly isCommand?: boolean;
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
  /** Texts in the installer's stderr, and the texts that a client sees instead. */
  readonly shownTexts: Readonly<Record<string, string>>;
  /** Remedies for errors that the installer reports. */
  readonly hints: readonly Hint[];
}

/** The self-test of a runtime's confinement. */
export interface SelfTestSpec {
  readonly canaries: readonly ProgramCanary[];
  /** The environment name that the canaries are written for. */
  readonly language: string;
  /** Names of variables that every program has, with values that are not the service's. */
  readonly variableNames: readonly string[];
  /**
   * Further facts that findings depend on, as JSON; absent, none. The binary, its modules, the canaries and the layers
   * always count.
   */
  readonly version?: unknown;
}

/** Command lines that a runtime runs as programs of its own. */
export interface CommandSpec {
  /** The name of the command. */
  readonly name: string;
  /** The command lines that it runs, as a message names them. */
  readonly usage: string;
  /**
   * Parses a command line; undefined for any other.
   *
   * @throws {CodeBeakerError} `permission_denied`, `invalid_request`
   */
  parse(command: Omit<CommandLine, "command">): CommandProgram | undefined;
}

/** A command line. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  /** The working directory, relative to the workspace. */
  readonly workingDirectory: string;
}

/** A file of the workspace to run, or code. */
export type CommandProgram =
  | { readonly kind: "file"; readonly path: string; readonly args: readonly string[] }
  | { readonly kind: "code"; readonly code: string; readonly extension: string; readonly args: readonly string[] };

/** Memory of a process that waits for a program in a language, in MB. */
export function warmMemoryMb(
  { memoryMb, memoryMbByEnvironment }: Pick<WarmSpec, "memoryMb" | "memoryMbByEnvironment">,
  environment: string,
): number {
  return memoryMbByEnvironment?.[environment] ?? memoryMb;
}
