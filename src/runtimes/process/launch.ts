import type { Limits } from "../../core/limits.ts";
import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import type { Mount } from "../../sandbox/mount.ts";
import type { RuntimeHost } from "../port.ts";

/** Where programs of an environment run. */
export interface LaunchSite {
  /** The environment name of the programs. */
  readonly environment: string;
  readonly host: Pick<RuntimeHost, "confinement" | "openNetworks">;
  readonly permissions: PermissionSettings;
  readonly mounts: EnvironmentMounts;
}

/** The mounts of an environment. They are the parts of the host's file system that its programs need. */
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
  /** The working directory, relative to the workspace. */
  readonly workingDirectory: string;
  /** Other files of the request. Absent, there are none. */
  readonly sources?: readonly string[];
  /** Words for the compiler, after its own. Absent, there are none. */
  readonly compileArgs?: readonly string[];
  /** The directory of the compiler's output; undefined where none compiles. It is removed after the program. */
  readonly output: Mount | undefined;
  /** The text of the file; empty where it is not there yet. */
  readText(): Promise<string>;
}

/** The parts that the interpreter of a context has in common with every program. */
export interface ContextProgram {
  /** The variables of the request. */
  readonly variables: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /** The directory of the installer; absent where no packages are installed. */
  readonly packages: Mount | undefined;
}

/** The differences of a start before the program is known from the launch. */
export interface WaitingStart {
  /** The command line; absent, the launch's own. */
  readonly argv?: Launch["argv"];
  /** Further variables; absent, none. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The file that the process opens before it waits; absent, it opens none. */
  readonly opens?: OpenedFile;
  /** The handshake; absent, the launch's own. */
  readonly handshake?: Launch["handshake"];
}

/**
 * A file of the program that a process opens before it waits. A placeholder stands for it, and is removed as soon as
 * the process waits. After the go, the process itself must read the file that has come in the placeholder's place.
 */
export interface OpenedFile {
  /** The file's path, relative to the workspace. */
  readonly path: string;
  /** The placeholder's text. */
  readonly text: string;
}

/** A command line, and everything that its process needs. */
export interface Launch {
  readonly argv: readonly [string, ...string[]];
  /** The working directory, relative to the workspace. */
  readonly workingDirectory: string;
  /** The variables of the request. */
  readonly variables: Readonly<Record<string, string>>;
  /** The service's own variables, which no request can change. */
  readonly ownVariables: Readonly<Record<string, string>>;
  /** The differences of a process that starts before its program is known; absent, none. */
  readonly waiting?: WaitingStart;
  readonly mounts: readonly Mount[];
  readonly hasNetwork: boolean;
  readonly startsOthers: boolean;
  /**
   * The child's first report. `ready`: its program begins. `ready_and_go`: its program may begin, and waits for the go.
   */
  readonly handshake: "ready" | "ready_and_go";
  /**
   * Text on the child's stdin after the go, before the program's own stdin; absent, none. A process that waits does not
   * have it yet.
   */
  readonly orders?: string;
  /** How many of the child's processes are the service's own; absent, none. */
  readonly ownProcesses?: number;
  /** Paths below `/etc` that a program which starts others needs copies of; absent, none. */
  readonly etcPaths?: readonly string[];
  /** Texts that the program finds below `/etc`, by their paths; absent, none. */
  readonly etcTexts?: Readonly<Record<string, string>>;
  /** Whether it runs a command line of a client. Default: false. */
  readonly isCommand?: boolean;
  /** The compiler, which has ended before the program begins; absent, there is none. */
  readonly compile?: Launch;
}
