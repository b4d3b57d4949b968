import { join } from "@std/path";
import begin from "../ecmascript/begin.cjs" with { type: "text" };
import { stderrDenials } from "../denials/stderr_denials.ts";
import { canariesIn } from "../ecmascript/canaries.ts";
import { npmPackages, packageMounts, PACKAGES } from "../ecmascript/packages.ts";
import { programVariables, VARIABLE_NAMES } from "../ecmascript/program_variables.ts";
import { findRelease } from "../ecmascript/release.ts";
import type { RuntimeHost } from "../port.ts";
import type { FileProgram, Launch, LaunchSite, ProcessSpec } from "../process/spec.ts";
import { nodeFacts, RUNTIME_NAME } from "./facts.ts";
import { RELEASE } from "./release.ts";
import { settingsOf } from "./settings.ts";
import start from "./start.cjs" with { type: "text" };
import warm from "./warm.mjs" with { type: "text" };

const REMEDY = "run codebeaker runtimes install node, or name its binary (--node-binary)";
/** The oldest releases that strip types from TypeScript without a flag, by their major versions. */
const OLDEST_MINORS: Readonly<Record<number, number>> = { 22: 18, 23: 6 };
const OLDEST_MAJOR = 22;

const MODULES = {
  /** Runs first in every program's process. */
  start: "start.cjs",
  /** What a process loads that waits. */
  warm: "warm.mjs",
} as const;

/** Workers that a program may have. */
const MAX_WORKERS = 4;
/** What V8 reserves as data, for itself and again for each Worker: Node 24 took 568 MB, and 2.74 GB with four. */
const RESERVED_BYTES = 568e6 + MAX_WORKERS * 545e6;

/** Memory of a warm process, in MB: most of what it maps is the binary, and shared. */
const WARM_MEMORY_MB = 16;

/** Node as a process runtime. */
export function nodeSpec(host: RuntimeHost): ProcessSpec {
  const { home, searchPath } = host;
  const { nodeBinary: named, npmRegistry } = settingsOf(host);
  return {
    facts: nodeFacts(host),
    subject: RUNTIME_NAME,
    binary: {
      find: () => findRelease(RELEASE, { named, home, searchPath, setting: "nodeBinary", remedy: REMEDY }),
      remedy: REMEDY,
      probe: { language: "node", code: "console.log(process.versions.node)", whyNot: whyNotVersion },
    },
    modules: { [MODULES.start]: `${begin}\n${start}`, [MODULES.warm]: warm },
    directories: [PACKAGES],
    reservedDataBytes: RESERVED_BYTES,
    memoryEndings: [
      { pattern: /FATAL ERROR: .*JavaScript heap out of memory/, endings: ["SIGABRT"] },
      { pattern: /RangeError: Array buffer allocation failed|ERR_WORKER_OUT_OF_MEMORY/, endings: [1] },
    ],
    packages: npmPackages({ npmRegistry }),
    warm: { memoryMb: WARM_MEMORY_MB, languages: ["node"] },
    denials: stderrDenials(host),
    selfTest: {
      canaries: canariesIn("node"),
      language: "node",
      variableNames: VARIABLE_NAMES,
      version: [begin, start, warm],
    },
    isOnPath: true,
    launchFile,
  };
}

/**
 * Launches a file of the workspace. There is no configuration of OpenSSL's, which Node fails to read where a layer hides
 * it.
 */
function launchFile(
  { mounts }: LaunchSite,
  { args, limits, packages, path, variables, workingDirectory }: FileProgram,
): Launch {
  const { binary, temporary, workspace } = mounts;
  const [first, loadedAhead] = [mounts.module(MODULES.start), mounts.module(MODULES.warm)];
  return {
    argv: [
      binary.target,
      `--require=${first.target}`,
      `--max-old-space-size=${limits.memoryMb}`,
      "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
      join(workspace.target, path),
      ...args,
    ],
    workingDirectory,
    variables: { NO_COLOR: "1", ...variables },
    ownVariables: { ...programVariables(mounts), OPENSSL_CONF: "/dev/null" },
    waitingVariables: { CODEBEAKER_WAITS: "1" },
    mounts: [workspace, temporary, binary, first, loadedAhead, ...packageMounts(mounts, { packages })],
    hasNetwork: false,
    startsOthers: true,
    handshake: "ready_and_go",
  };
}

function whyNotVersion(output: string): string | undefined {
  const version = output.trim();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major >= OLDEST_MAJOR && minor >= (OLDEST_MINORS[major] ?? 0)) return undefined;
  const shown = JSON.stringify(version.slice(0, 200));
  const oldest = major in OLDEST_MINORS ? major : OLDEST_MAJOR;
  return `Node ${oldest}.${OLDEST_MINORS[oldest]} or later is needed: found ${shown}`;
}
