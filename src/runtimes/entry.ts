import type { DeclaredCosts, RuntimeCapabilities, RuntimeType } from "../core/capabilities.ts";
import type { Surface } from "../core/needs.ts";
import type { LimitName } from "../core/limits.ts";
import type { Progress } from "../core/progress.ts";
import type { SettingTable } from "../core/settings.ts";
import type { LayerName } from "../sandbox/layers.ts";
import type { LoadedRuntime, RuntimeHost } from "./port.ts";

/** A row of the table of runtimes. It has every part of a runtime that costs next to nothing to load. */
export interface RuntimeEntry {
  /** The name on the wire and in the configuration. */
  readonly name: string;
  /** The runtime's own settings. Runtimes that share a setting list the same object. */
  readonly settings: SettingTable;
  /** The runtime's own subcommands of the command line. */
  readonly commands: readonly RuntimeCommand[];
  /**
   * Installs the binary that runs programs; absent, the operator has to.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` where the binary cannot be installed
   */
  install?(request: InstallRequest): Promise<InstalledBinary>;
  /** Whether a home holds what {@link install} installs. Absent, only an installation says so. */
  isInstalled?(home: string): Promise<boolean>;
  /** Languages whose parts can be installed; absent, there are none. */
  readonly languages?: AddedLanguages;
  facts(host: FactsHost): RuntimeFacts;
  load(): Promise<RuntimeModule>;
  loadTestSubjects(): Promise<TestSubjects>;
}

/** The parts of a host that facts depend on. */
export type FactsHost = Pick<RuntimeHost, "confinement" | "settings">;

/** The face of a runtime's module. */
export interface RuntimeModule {
  create(host: RuntimeHost): LoadedRuntime;
}

/** The facts of a runtime on a host, before its code is loaded. */
export interface RuntimeFacts {
  /** The name on the wire and in the configuration. */
  readonly name: string;
  readonly type: RuntimeType;
  /** The environment names that the runtime runs. */
  readonly supportedEnvironments: readonly string[];
  /** The supported environment names that have contexts. */
  readonly contextEnvironments: readonly string[];
  /** The supported environment names for which programs can be kept warm. */
  readonly warmEnvironments: readonly string[];
  /** The runtime's declared capabilities. */
  readonly capabilities: RuntimeCapabilities;
  /** Costs by environment name that differ from the capabilities; absent, none do. */
  readonly costs?: Readonly<Record<string, DeclaredCosts>>;
  /** The surface of a language; absent, only the loaded runtime may know it. */
  surface?(environment: string): Surface | undefined;
  /** Whether programs have a file system of their own, so that any command line runs. */
  readonly runsAnyCommandLine: boolean;
}

/** A subcommand of the command line, without the library that parses it. */
export interface RuntimeCommand {
  readonly name: string;
  readonly description: string;
  /** The subcommand's positional arguments, as `[names...]`. */
  readonly arguments: readonly { readonly name: string; readonly help: string }[];
  /** The subcommand's own flags, as `--force`. */
  readonly flags: readonly { readonly flag: string; readonly help: string }[];
  /** The names of the runtime's settings that it takes. */
  readonly settings: readonly string[];
  /** Runs the subcommand. Only this loads its code. */
  run(request: CommandRequest): Promise<void>;
}

/** One call of a {@link RuntimeCommand}. */
export interface CommandRequest {
  readonly args: readonly string[];
  /** The command's own flags by their names in camel case. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** The settings of each runtime by its name. */
  readonly settings: RuntimeHost["settings"];
  /** A directory for temporary files. */
  readonly scratch: string;
  /** Aborts at SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  /** Shows tasks that take a while. */
  readonly progress: Progress;
  /** Writes a line to stdout. */
  print(line: string): Promise<unknown>;
}

/** A request to install a runtime's binary. */
export interface InstallRequest extends Pick<CommandRequest, "settings" | "signal" | "progress"> {
  /** The service's directory into which the binary is installed. */
  readonly home: string;
  /** The id of the service that installs, which uses no older version. Absent, no service does. */
  readonly instance?: string | undefined;
}

/** Languages of a runtime whose parts are installed by themselves. */
export interface AddedLanguages {
  /** Their environment names. */
  readonly names: readonly string[];
  /** Whether a home holds the parts of one. Absent, only an installation says so. */
  isAdded?(name: string, home: string): Promise<boolean>;
  /** Installs the parts of one. @throws {CodeBeakerError} `runtime_unavailable` where they cannot be installed */
  add(name: string, request: LanguageRequest): Promise<InstalledBinary>;
}

/** A request to install the parts of a language. */
export interface LanguageRequest extends InstallRequest, Pick<RuntimeHost, "searchPath"> {}

/** A binary that is installed. */
export interface InstalledBinary {
  readonly path: string;
  readonly version: string;
  /** Whether it was installed before. */
  readonly wasThere: boolean;
  /** Why other versions of it could not be removed. Absent, nothing failed. */
  readonly notRemoved?: string;
}

/** The configurations of a runtime that the tests cover. */
export interface TestSubjects {
  /**
   * Conformance checks that the runtime fails on a host, each with the reason. The key is the check's name, or
   * language, colon and name.
   */
  deviations(host: RuntimeHost): Readonly<Record<string, string>>;
  /**
   * Environment names in which the conformance suite runs, the first in full; absent, in all. The other names differ
   * from these by a row of a table, which has a short check.
   */
  readonly suiteLanguages?: readonly string[];
  /**
   * Whether the runtime's programs only compute; absent, they do not. The suites then leave out checks that need more.
   */
  readonly onlyComputes?: boolean;
  /** Environment names for which the conformance suite also runs on warm slots. */
  readonly warmLanguages: readonly string[];
  /**
   * By language of which the runtime has a part, the language whose programs test it. Absent, each has its own
   * programs.
   */
  readonly dialects?: Readonly<Record<string, string>>;
  /** Whether the sandbox layers of this host confine programs. Tests then take layers away. */
  readonly usesHostLayers: boolean;
  /** The environment name that attacks by command line use. */
  readonly shellEnvironment: string;
  /** The subjects of the attacks by title, the strongest first. */
  readonly attackSubjects: Readonly<Record<string, AttackSubject>>;
  /** The test in `tests/attacks` for a runtime that runs no other attack; absent, none. */
  readonly attackTest?: string;
}

/** A runtime in one configuration, for attacks. */
export interface AttackSubject {
  /** Languages of the attacks; `shell` stands for any command line. */
  readonly languages: readonly string[];
  /**
   * The categories of attacks to try; absent, all. They meet another mechanism here than in the subjects with all
   * categories. Where categories are named for another subject than the runtime's first, only one of the attacks that
   * the same mechanism holds is tried.
   */
  readonly categories?: readonly string[];
  /** Layers that are switched off. */
  readonly without?: readonly LayerName[];
  /** A layer without which this equals another subject. */
  readonly needs?: LayerName;
  readonly minIsolation?: number;
  /** Limits that the runtime may be unable to enforce, each with the reason. */
  readonly unenforced?: Readonly<Partial<Record<LimitName, string>>>;
  readonly isWarm?: boolean;
  /** Attacks that its programs cannot try, by name, with reasons; absent, none. */
  readonly omits?: Readonly<Record<string, string>>;
  /** Whether code is a cell of a context. */
  readonly runsCells?: boolean;
}
