import { join } from "@std/path";
import type { Limits } from "../../core/limits.ts";
import { stderrDenials } from "../denials/stderr_denials.ts";
import type { RuntimeFacts } from "../entry.ts";
import type { RuntimeHost } from "../port.ts";
import { oldestVersion, type OldestVersions, whyNotVersion } from "../process/oldest_version.ts";
import type { ContextProgram, EnvironmentMounts, Launch, LaunchSite } from "../process/launch.ts";
import type { ProcessSpec } from "../process/spec.ts";
import begin from "./begin.cjs" with { type: "text" };
import { INTERPRETER, INTERPRETER_MAIN } from "../interpreters/ecmascript/places.ts";
import { canariesIn } from "./canaries.ts";
import { npmPackages, packageMounts, PACKAGES } from "../service_binary/packages.ts";
import { programVariables, VARIABLE_NAMES } from "./program_variables.ts";
import { findRelease, type Release } from "./release.ts";
import { settingsOf } from "./settings.ts";

/** A runtime that runs its own language by a released binary, and checks nothing itself. */
export interface ReleasedRuntime extends Pick<ProcessSpec, "modules" | "reservedDataBytes" | "memoryEndings"> {
  readonly facts: RuntimeFacts;
  readonly release: Release;
  readonly oldest: OldestVersions;
  /** The program that prints the version of the binary. */
  readonly printsVersion: string;
  /** The text of the module that every process runs first, after that of begin.cjs. */
  readonly first: string;
  /**
   * Files of a workspace that would configure the runtime. Each would load `planted.cjs`, set `PLANTED`, or name the
   * file `canary`.
   */
  readonly configuration: Readonly<Record<string, string>>;
  /** Loads the modules of a context's process: their text by the names of their files. */
  loadInterpreter(): Promise<Readonly<Record<string, string>>>;
  /** Memory of a warm process, in MB. */
  readonly warmMemoryMb: number;
  /** Memory for single environment names; absent, all take the same. */
  readonly warmMemoryMbByEnvironment?: Readonly<Record<string, number>>;
  /** Variables of command lines, as they may start the binary; absent, none. */
  readonly commandVariables?: Readonly<Record<string, string>>;
  /** How a process of the binary starts, whatever it runs. */
  start(options: StartOptions): Start;
}

/** The facts that the start of a process depends on. */
export interface StartOptions {
  /** The environment name of the programs. */
  readonly environment: string;
  /** The path of the module that runs first, as the program sees it. */
  readonly first: string;
  /** The path of another module. */
  pathOf(module: string): string;
  readonly limits: Limits;
}

/** The start of a process. */
export interface Start extends Pick<Launch, "handshake" | "ownVariables" | "waiting"> {
  /** The words between the binary and the file to run. */
  readonly words: readonly string[];
}

/** The module that every process runs first. */
const FIRST = "start.cjs";
/** The directory of the modules. A binary that loads one of them may list it. */
const MODULES = "modules";

/** The descriptor of a context's orders; the interpreter's host has the same. */
const STDIN = 3;

/** A released runtime as a process runtime. */
export function releasedSpec(runtime: ReleasedRuntime, host: RuntimeHost): ProcessSpec {
  const { facts, first, memoryEndings, modules, oldest, printsVersion, release, reservedDataBytes } = runtime;
  const { commandVariables, configuration, warmMemoryMb, warmMemoryMbByEnvironment = {} } = runtime;
  const { confinement, home, searchPath } = host;
  const name = release.binary;
  const { binary: named, npmRegistry, remedy, setting } = settingsOf(name, host);
  return {
    facts,
    subject: name,
    binary: {
      find: () => findRelease(release, { named, home, searchPath, setting, remedy }),
      remedy,
      probe: {
        language: name,
        code: printsVersion,
        needs: oldestVersion(oldest),
        whyNot: (output) => whyNotVersion(output, oldest),
      },
    },
    modules: Object.fromEntries(
      Object.entries({ ...modules, [FIRST]: `${begin}\n${first}` }).map(([path, text]) => [join(MODULES, path), text]),
    ),
    directories: [PACKAGES],
    reservedDataBytes,
    memoryEndings,
    packages: npmPackages({ confinement, npmRegistry }),
    warm: { memoryMb: warmMemoryMb, memoryMbByEnvironment: warmMemoryMbByEnvironment, languages: [name] },
    denials: stderrDenials(host),
    selfTest: { canaries: canariesIn(name, { configuration }), language: name, variableNames: VARIABLE_NAMES },
    isOnPath: true,
    surround: (launch, site) =>
      withPackages({ ...launch, ownVariables: { ...launch.ownVariables, ...commandVariables } }, site),
    launchFile: ({ environment, mounts }, { args, path, workingDirectory, ...program }) => {
      const words = [join(mounts.workspace.target, path), ...args];
      return launch({ runtime, environment, mounts, program }, { words, workingDirectory });
    },
    contexts: {
      modules: { directory: INTERPRETER, load: runtime.loadInterpreter },
      launch: ({ environment, mounts }, program) => launchContext({ runtime, environment, mounts, program }),
    },
  };
}

/** A program to launch, and its place. */
interface Launched extends Pick<LaunchSite, "environment"> {
  readonly runtime: ReleasedRuntime;
  readonly mounts: EnvironmentMounts;
  readonly program: ContextProgram;
}

/** Launches the interpreter of a context. A shell moves the service's orders to a descriptor that is not stdin. */
function launchContext(launched: Launched): Launch {
  const interpreter = launched.mounts.module(INTERPRETER);
  const words = [join(interpreter.target, INTERPRETER_MAIN)];
  const { argv, mounts, ownVariables, ...rest } = launch(launched, { words, workingDirectory: "." });
  return {
    ...rest,
    argv: ["/bin/sh", "-c", `exec "$@" ${STDIN}<&0 </dev/null`, "sh", ...argv],
    ownVariables: { ...ownVariables, CODEBEAKER_STDIN: String(STDIN) },
    mounts: [...mounts, interpreter],
  };
}

/** Lets a command find the installed packages. Commands that they bring are on its path. */
function withPackages(
  launch: Launch,
  { mounts, packages }: Pick<LaunchSite, "mounts"> & Partial<ContextProgram>,
): Launch {
  const found = packageMounts(mounts, { packages });
  const [path = ""] = found.map(({ target }) => `${join(target, ".bin")}:`);
  return {
    ...launch,
    ownVariables: { ...launch.ownVariables, PATH: `${path}${launch.ownVariables["PATH"]}` },
    mounts: [...launch.mounts, ...found.map((mount) => ({ ...mount, access: "execute" } as const))],
  };
}

/** Launches the binary. */
function launch(
  { environment, mounts, program: { limits, packages, variables }, runtime }: Launched,
  { words, workingDirectory }: { readonly words: readonly string[]; readonly workingDirectory: string },
): Launch {
  const { binary, temporary, workspace } = mounts;
  const modules = mounts.module(MODULES);
  const pathOf = (module: string) => join(modules.target, module);
  const { ownVariables, words: ownWords, ...start } = runtime.start({
    environment,
    first: pathOf(FIRST),
    pathOf,
    limits,
  });
  return {
    argv: [binary.target, ...ownWords, ...words],
    workingDirectory,
    variables: { NO_COLOR: "1", ...variables },
    ownVariables: { ...programVariables(mounts), ...ownVariables },
    ...start,
    mounts: [workspace, temporary, binary, modules, ...packageMounts(mounts, { packages })],
    hasNetwork: false,
    startsOthers: true,
  };
}
