import { join } from "@std/path";
import { MEBIBYTE } from "../../core/limits.ts";
import { stderrDenials } from "../denials/stderr_denials.ts";
import begin from "../ecmascript/begin.cjs" with { type: "text" };
import { canariesIn } from "../ecmascript/canaries.ts";
import { npmPackages, packageMounts, PACKAGES } from "../ecmascript/packages.ts";
import { programVariables, VARIABLE_NAMES } from "../ecmascript/program_variables.ts";
import { findRelease } from "../ecmascript/release.ts";
import type { RuntimeHost } from "../port.ts";
import type { FileProgram, Launch, LaunchSite, ProcessSpec } from "../process/spec.ts";
import { bunFacts, RUNTIME_NAME } from "./facts.ts";
import { RELEASE } from "./release.ts";
import { settingsOf } from "./settings.ts";
import start from "./start.cjs" with { type: "text" };

const REMEDY = "run codebeaker runtimes install bun, or name its binary (--bun-binary)";
/** The oldest release whose flags were tried with this runtime. */
const OLDEST = [1, 4] as const;

const MODULES = {
  /** The main file of every program's process, which imports the program. */
  start: "start.cjs",
  /** Stands in the place of every tsconfig.json: it configures nothing. */
  tsconfig: "tsconfig.json",
} as const;

/** What JavaScriptCore reserves as data: Bun 1.4 did not start with less than 1.18 GB. */
const RESERVED_BYTES = 1_300e6;

/** Memory of a warm process, in MB: most of what it maps is the binary, and shared. */
const WARM_MEMORY_MB = 4;

/** Bun as a process runtime. */
export function bunSpec(host: RuntimeHost): ProcessSpec {
  const { home, searchPath } = host;
  const { bunBinary: named, npmRegistry } = settingsOf(host);
  return {
    facts: bunFacts(host),
    subject: RUNTIME_NAME,
    binary: {
      find: () => findRelease(RELEASE, { named, home, searchPath, setting: "bunBinary", remedy: REMEDY }),
      remedy: REMEDY,
      probe: { language: "bun", code: "console.log(Bun.version)", whyNot: whyNotVersion },
    },
    modules: { [MODULES.start]: `${begin}\n${start}`, [MODULES.tsconfig]: "{}" },
    directories: [PACKAGES],
    reservedDataBytes: RESERVED_BYTES,
    memoryEndings: [
      { pattern: /MemoryExhaustion/, endings: ["SIGABRT", "SIGTRAP"] },
      { pattern: /RangeError: Out of memory/, endings: [1] },
    ],
    packages: npmPackages({ npmRegistry }),
    warm: { memoryMb: WARM_MEMORY_MB, languages: ["bun"] },
    denials: stderrDenials(host),
    selfTest: {
      canaries: canariesIn("bun"),
      language: "bun",
      variableNames: VARIABLE_NAMES,
      version: [begin, start],
    },
    isOnPath: true,
    launchFile,
  };
}

/**
 * Launches a file of the workspace. Without these flags Bun obeys a bunfig.toml, an `.env` and a tsconfig.json of the
 * workspace, runs macros and installs what is imported. JavaScriptCore has no limit of its heap, but collects in time for
 * the memory that it takes the machine to have.
 */
function launchFile(
  { mounts }: LaunchSite,
  { args, limits, packages, path, variables, workingDirectory }: FileProgram,
): Launch {
  const { binary, temporary, workspace } = mounts;
  const [first, tsconfig] = [mounts.module(MODULES.start), mounts.module(MODULES.tsconfig)];
  return {
    argv: [
      binary.target,
      "--config=/dev/null",
      "--no-env-file",
      "--no-install",
      "--no-macros",
      `--tsconfig-override=${tsconfig.target}`,
      first.target,
      join(workspace.target, path),
      ...args,
    ],
    workingDirectory,
    variables: { NO_COLOR: "1", ...variables },
    ownVariables: { ...programVariables(mounts), BUN_JSC_forceRAMSize: String(limits.memoryMb * MEBIBYTE) },
    mounts: [workspace, temporary, binary, first, tsconfig, ...packageMounts(mounts, { packages })],
    hasNetwork: false,
    startsOthers: true,
    handshake: "ready_and_go",
  };
}

function whyNotVersion(output: string): string | undefined {
  const version = output.trim();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `Bun ${oldestMajor}.${oldestMinor} or later is needed: found ${JSON.stringify(version.slice(0, 200))}`;
}
