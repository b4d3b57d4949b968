import { join } from "@std/path";
import { runtimeUnavailable } from "../../core/errors.ts";
import { mainFileOf } from "../../core/languages.ts";
import { stderrDenials } from "../denials/stderr_denials.ts";
import { moduleSurface, parseModules } from "../interpreters/python/module_surface.ts";
import { isFile } from "../process/find_binary.ts";
import { languageCanaries } from "../process/self_test/language_canaries.ts";
import type { ProcessSpec } from "../process/spec.ts";
import type { Surface } from "../../core/needs.ts";
import type { RuntimeFacts } from "../entry.ts";
import type { RuntimeHost } from "../port.ts";
import type { LanguageRow } from "./languages/row.ts";
import { launchFile, SHARED_MEMORY, surround } from "./program_launch.ts";
import { RUNTIME_NAME, settingsOf } from "./settings.ts";
import { findWaiter, type FoundWaiter } from "./waiting.ts";

/** Where a program finds its binary: in a file system of its own it has these directories of the machine. */
const PACKAGE_DIRECTORIES = /^\/(?:usr\/(?:local\/)?)?s?bin$/;
/** How long an honest program in a slow language may take: those of its self-test run at the same time. */
const SLOW_PROBE_TIMEOUT_MS = 20_000;
/** Memory of a shell that waits, in MB. It starts in so little time that only a language which is used often has one. */
const SHELL_MEMORY_MB = 1;

/** What to do where a module is missing. */
const MODULE_REMEDY = "install the module for all programs of this machine, or send it with the files of the request";

/** What stands for the file of an interpreter, which has none. */
const NO_FILE = { path: ".", args: [], workingDirectory: ".", output: undefined, readText: () => Promise.resolve("") };

/** Names of the variables that every program has, with values that many a service has too. */
const VARIABLE_NAMES = ["PATH", "HOME", "TMPDIR", "LANG", "PWD", "OLDPWD", "SHLVL", "_"];

/** One language of the runtime. */
export interface NativeLanguage {
  /** What the runtime states as a whole. */
  readonly facts: RuntimeFacts;
  readonly name: string;
  readonly row: LanguageRow;
}

/** One language of this machine as a process runtime. */
export function nativeSpec({ facts, name: language, row }: NativeLanguage, host: RuntimeHost): ProcessSpec {
  const find = () => findBinary(row, host);
  const { interpreter, mainFile, memoryEndings, reservedDataBytes = 0 } = row;
  const installer = row.packages?.({ find, ...settingsOf(host) });
  let known: FoundWaiter | undefined;
  /** The language as it is on this machine, where its binary may be installed while the service runs. */
  const findLanguage = () => {
    const waiter = known ??= findWaiter(row, { find, confinement: host.confinement });
    return { row, waiter, packages: waiter === undefined ? undefined : installer };
  };
  let surface: Surface | undefined;
  return {
    facts: { ...facts, supportedEnvironments: [language] },
    subject: `${RUNTIME_NAME}_${language}`,
    ...(mainFile === undefined ? {} : { mainFile }),
    binary: {
      find,
      remedy: remedyFor(row),
      probe: {
        language,
        code: [row.programs?.honest ?? "", ...(row.listModules === undefined ? [] : [row.listModules])].join("\n"),
        ...(row.startsSlowly === true || row.compile !== undefined ? { timeoutMs: SLOW_PROBE_TIMEOUT_MS } : {}),
        whyNot: (output) => {
          if (row.listModules === undefined) return whyNotRun(row, output);
          const end = output.indexOf("\n") + 1;
          const modules = parseModules(output.slice(end));
          surface = modules && moduleSurface(modules, { remedy: MODULE_REMEDY });
          return whyNotRun(row, output.slice(0, end));
        },
      },
    },
    surface: () => surface,
    modules: {},
    directories: [SHARED_MEMORY, ...(installer === undefined ? [] : [installer.tree[0]])],
    get packages() {
      return findLanguage().packages;
    },
    ...(row.prebuilt === undefined ? {} : { prebuilt: row.prebuilt }),
    compiles: row.compile !== undefined,
    reservedDataBytes,
    memoryEndings,
    denials: stderrDenials(host),
    get warm() {
      const { waiter } = findLanguage();
      return waiter === undefined
        ? { memoryMb: SHELL_MEMORY_MB, languages: [] }
        : { memoryMb: waiter.memoryMb, languages: [language] };
    },
    selfTest: {
      language,
      canaries: row.programs === undefined ? [] : languageCanaries(mainFile ?? mainFileOf(language), row.programs),
      variableNames: [...VARIABLE_NAMES, ...Object.keys(row.variables ?? {}), ...row.ownVariableNames ?? []],
      version: row,
    },
    surround: (launch, site) => surround(launch, site, findLanguage()),
    launchFile: (site, program) => launchFile(site, program, { ...findLanguage(), binary: find() }),
    ...(interpreter === undefined ? {} : {
      launchContext: (site, program) =>
        launchFile(site, { ...program, ...NO_FILE }, {
          ...findLanguage(),
          row: { ...row, run: interpreter },
          binary: find(),
        }),
    }),
  };
}

function findBinary(row: LanguageRow, { searchPath }: Pick<RuntimeHost, "searchPath">): string {
  const directories = searchPath.filter((directory) => PACKAGE_DIRECTORIES.test(directory));
  const paths = row.binaries.flatMap((name) =>
    name.includes("/") ? [name] : directories.map((directory) => join(directory, name))
  );
  const found = paths.find(isFile);
  if (found !== undefined) return found;
  throw runtimeUnavailable({ reason: `${row.binaries[0]} is not on this machine`, remedy: remedyFor(row) });
}

function remedyFor({ debianPackage }: LanguageRow): string {
  if (debianPackage === undefined) return "install it, or name another binary (--native-languages)";
  return `install it (apt-get install ${debianPackage})`;
}

function whyNotRun({ binaries: [name], programs }: LanguageRow, output: string): string | undefined {
  if (programs === undefined || output === "42\n") return undefined;
  return `${name} does not run an honest program here: it printed ${JSON.stringify(output.slice(0, 200))}`;
}
