import { mainFileOf } from "../../core/languages.ts";
import { stderrDenials } from "../denials/stderr_denials.ts";
import { findPackagedBinary } from "../process/find_binary.ts";
import { languageCanaries, languageProbe } from "../process/self_test/language_tests.ts";
import type { ProcessSpec } from "../process/spec.ts";
import { findWaiter, type FoundWaiter } from "../process/waiter.ts";
import type { RuntimeFacts } from "../entry.ts";
import type { RuntimeHost } from "../port.ts";
import type { LanguageRow } from "./languages/row.ts";
import { launchFile, SHARED_MEMORY, surround } from "./program_launch.ts";
import { RUNTIME_NAME, settingsOf } from "./settings.ts";

/** How long an honest program in a slow language may take. The programs of its self-test run at the same time. */
const SLOW_PROBE_TIMEOUT_MS = 20_000;

/** How long an honest program may take whose compiler first compiles its packages. */
const PREBUILDING_PROBE_TIMEOUT_MS = 60_000;

/**
 * Memory of a shell that waits, in MB. A shell starts so fast that only a language which is used often has a warm one.
 */
const SHELL_MEMORY_MB = 1;
/**
 * The most memory of a process that is always warm, in MB. With more memory, only a language which is used often has a
 * warm process.
 */
const ALWAYS_MEMORY_MB = 20;

/** Names of variables of every program, with values that many a service has too. */
const VARIABLE_NAMES = ["PATH", "HOME", "TMPDIR", "LANG", "PWD", "OLDPWD", "SHLVL", "_"];

/** One language of the runtime. */
export interface NativeLanguage {
  /** The facts of the runtime as a whole. */
  readonly facts: RuntimeFacts;
  readonly name: string;
  readonly row: LanguageRow;
}

/** One language of this machine as a process runtime. */
export function nativeSpec({ facts, name: language, row }: NativeLanguage, host: RuntimeHost): ProcessSpec {
  const remedy = remedyFor(row);
  const find = () => findPackagedBinary(row.binaries, { ...host, remedy });
  const {
    binaries: [title],
    compile,
    interpreter,
    mainFile,
    memoryEndings,
    prebuilt,
    programs,
    reservedDataBytes = 0,
  } = row;
  const isSlow = row.startsSlowly === true || compile !== undefined;
  const timeoutMs = prebuilt === undefined
    ? (isSlow ? SLOW_PROBE_TIMEOUT_MS : undefined)
    : PREBUILDING_PROBE_TIMEOUT_MS;
  const installer = row.packages?.({ find, ...settingsOf(host) });
  let known: FoundWaiter | undefined;
  /** The language as it is on this machine. Its binary may be installed while the service runs. */
  const findLanguage = () => {
    const waiter = known ??= findWaiter(row.waiter, { find, confinement: host.confinement });
    return { row, waiter, packages: waiter === undefined ? undefined : installer };
  };
  return {
    facts: { ...facts, supportedEnvironments: [language] },
    subject: `${RUNTIME_NAME}_${language}`,
    mainFile,
    binary: { isSeen: true, find, remedy, probe: languageProbe(language, { ...row, title, timeoutMs }) },
    modules: {},
    directories: [SHARED_MEMORY, ...(installer === undefined ? [] : [installer.tree[0]])],
    get packages() {
      return findLanguage().packages;
    },
    prebuilt,
    compiles: compile !== undefined,
    reservedDataBytes,
    memoryEndings,
    denials: stderrDenials(host),
    get warm() {
      const { waiter } = findLanguage();
      if (waiter === undefined) return { memoryMb: SHELL_MEMORY_MB, languages: [] };
      return { memoryMb: waiter.memoryMb, languages: waiter.memoryMb > ALWAYS_MEMORY_MB ? [] : [language] };
    },
    selfTest: {
      language,
      canaries: programs === undefined ? [] : languageCanaries(mainFile ?? mainFileOf(language), programs),
      variableNames: [...VARIABLE_NAMES, ...Object.keys(row.variables ?? {}), ...row.ownVariableNames ?? []],
      version: row,
    },
    surround: (launch, site) => surround(launch, site, findLanguage()),
    launchFile: (site, program) => launchFile(site, program, { ...findLanguage(), binary: find() }),
    contexts: interpreter && {
      launch: (site, program) =>
        launchFile(site, program, { ...findLanguage(), row: { ...row, run: interpreter }, binary: find() }),
    },
  };
}

function remedyFor({ debianPackage }: LanguageRow): string {
  if (debianPackage === undefined) return "install it, or name another binary (--native-languages)";
  return `install it (apt-get install ${debianPackage})`;
}
