import type { DeclaredCosts, RuntimeCapabilities, RuntimeType } from "../core/capabilities.ts";
import type { Surface } from "../core/needs.ts";
import type { LimitName } from "../core/limits.ts";
import type { Progress } from "../core/progress.ts";
import type { SettingTable } from "../core/settings.ts";
import type { LayerName } from "../sandbox/layers.ts";
import type { ExecutionRuntime, RuntimeHost } from "./port.ts";

/** A row of the table of runtimes: everything of a runtime that costs next to nothing to load. */
export interface RuntimeEntry {
  /** The name on the wire and in the configuration. */
  readonly name: string;
  /** Its own settings. Runtimes that share a setting list the same object. */
  readonly settings: SettingTable;
  /** Its own subcommands of the command line. */
  readonly commands: readonly RuntimeCommand[];
  /**
   * Installs the binary of its programs; absent, that is the operator's to do.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` where it cannot be had
   */
  install?(request: InstallRequest): Promise<InstalledBinary>;
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
  create(host: RuntimeHost): ExecutionRuntime;
}

/** What a runtime states about itself on a host before its code is loaded. */
export interface RuntimeFacts {
  /** The name on the wire and in the configuration. */
  readonly name: string;
  readonly type: RuntimeType;
  /** The environment names that it runs. */
  readonly supportedEnvironments: readonly string[];
  /** Those of them that have contexts. */
  readonly contextEnvironments: readonly string[];
  /** Those of them for which it can keep programs warm. */
  readonly warmEnvironments: readonly string[];
  /** Its declared capabilities. */
  readonly capabilities: RuntimeCapabilities;
  /** Other costs by environment name; absent, all cost what the capabilities say. */
  readonly costs?: Readonly<Record<string, DeclaredCosts>>;
  /** What programs in a language find here; absent, only the loaded runtime may know. */
  surface?(environment: string): Surface | undefined;
  /** Whether its programs have a file system of their own, so that it runs any command line. */
  readonly runsAnyCommandLine: boolean;
}

/** A subcommand of the command line, without the library that parses it. */
export interface RuntimeCommand {
  readonly name: string;
  readonly description: string;
  /** Its positional arguments, as `[names...]`. */
  readonly arguments: readonly { readonly name: string; readonly help: string }[];
  /** Its own flags, as `--force`. */
  readonly flags: readonly { readonly flag: string; readonly help: string }[];
  /** The names of the runtime's settings that it takes. */
  readonly settings: readonly string[];
  /** Does the work; its code is loaded here. */
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
  /** Writes a line to stderr. */
  printError(line: string): Promise<void>;
}

/** What a runtime installs its binary with. */
export interface InstallRequest extends Pick<CommandRequest, "settings" | "signal" | "progress"> {
  /** The directory of the service that it is installed into. */
  readonly home: string;
}

/** Languages of a runtime that is here, whose parts are not until they are installed. */
export interface AddedLanguages {
  /** Their environment names. */
  readonly names: readonly string[];
  /** Installs the parts of one. @throws {CodeBeakerError} `runtime_unavailable` where they cannot be had */
  add(name: string, request: LanguageRequest): Promise<InstalledBinary>;
}

/** What the parts of a language are installed with. */
export interface LanguageRequest extends InstallRequest, Pick<RuntimeHost, "searchPath"> {}

/** A binary that is installed. */
export interface InstalledBinary {
  readonly path: string;
  readonly version: string;
  /** Whether it was installed before. */
  readonly wasThere: boolean;
}

/** The configurations of a runtime that the tests cover. */
export interface TestSubjects {
  /** Conformance checks that it fails on a host, by name, or by language, colon and name, each with the reason. */
  deviations(host: RuntimeHost): Readonly<Record<string, string>>;
  /**
   * Environment names in which the conformance suite runs, the first in full; absent, in all. The others differ from these by
   * a row of a table, which has a short check.
   */
  readonly suiteLanguages?: readonly string[];
  /** Whether its programs only compute, so that the suites leave out what takes more; absent, they do not. */
  readonly onlyComputes?: boolean;
  /** Environment names for which the conformance suite also runs on warm slots. */
  readonly warmLanguages: readonly string[];
  /** The language whose programs test another one that it does not have the whole of; absent, each its own. */
  readonly dialects?: Readonly<Record<string, string>>;
  /** Whether the sandbox layers of this host confine its programs, so that tests take layers away. */
  readonly usesHostLayers: boolean;
  /** The environment name that attacks by command line use. */
  readonly shellEnvironment: string;
  /** What the attacks are tried on, by title, the strongest first. */
  readonly attackSubjects: Readonly<Record<string, AttackSubject>>;
  /** The test of `tests/attacks` that attacks it instead, where nothing that is written for others runs; absent, none. */
  readonly attackTest?: string;
}

/** A runtime in one configuration, for attacks. */
export interface AttackSubject {
  /** Languages of the attacks; `shell` stands for any command line. */
  readonly languages: readonly string[];
  /**
   * Categories whose attacks meet another mechanism here than in the subjects with all categories; absent, all. Of attacks that one
   * mechanism holds, where categories are named one is tried.
   */
  readonly categories?: readonly string[];
  /** Layers that are switched off. */
  readonly without?: readonly LayerName[];
  /** A layer without which this equals another subject. */
  readonly needs?: LayerName;
  readonly minIsolation?: number;
  /** Limits that it may be unable to enforce, each with the reason. */
  readonly unenforced?: Readonly<Partial<Record<LimitName, string>>>;
  readonly isWarm?: boolean;
  /** Whether code is a cell of a context. */
  readonly runsCells?: boolean;
}
