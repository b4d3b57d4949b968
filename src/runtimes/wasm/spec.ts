import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import { serviceBinary } from "../service_binary/service_binary.ts";
import type { RuntimeHost } from "../port.ts";
import { HONEST_OUTPUT } from "../process/self_test/common_canaries.ts";
import type { MemoryEnding, ProcessSpec } from "../process/spec.ts";
import { CANARIES } from "./canaries.ts";
import { HONEST_MODULE } from "./canary_modules.ts";
import { MODULE, RUNTIME_NAME, wasmFacts } from "./facts.ts";
import { belowModules, CACHE_NAME, COMMON_FLAGS, launchModule } from "./launch.ts";
import { MODULE_HOST } from "./module_host.ts";
import { readDenial } from "./read_denial.ts";
import { settingsOf } from "./settings.ts";

/** Memory of a process that waits, in MB. Most of its mapped memory is the binary, and shared. */
const WARM_MEMORY_MB = 16;

/**
 * The bytes that V8 reserves before a program begins, and a module's largest memory. They must not bound a module:
 * `malloc` would give modules NULL, which they can write to, and no two modules would end alike.
 */
export const RESERVED_BYTES = 600e6 + 2 ** 32;

/** The signs of a process without memory, and of one without memory for its module. */
export const MEMORY_ENDINGS: readonly MemoryEnding[] = [
  {
    pattern: /Fatal (?:JavaScript|process) out of memory|memory allocation of \d+ bytes failed/,
    endings: ["SIGTRAP", "SIGABRT"],
  },
  { pattern: /Out of memory: Cannot allocate Wasm memory/, endings: [126] },
];

const SANDBOX = "WebAssembly's own sandbox in a process that Deno grants nothing but the workspace";

/** Modules as a process runtime. */
export function wasmSpec(host: RuntimeHost): ProcessSpec {
  const { find, needs, remedy } = serviceBinary(settingsOf(host).denoBinary, host);
  return {
    facts: { ...wasmFacts(), supportedEnvironments: [MODULE] },
    subject: RUNTIME_NAME,
    binary: {
      find,
      remedy,
      probe: { language: MODULE, code: HONEST_MODULE, needs, whyNot },
    },
    modules: belowModules(MODULE_HOST),
    directories: [CACHE_NAME],
    reservedDataBytes: RESERVED_BYTES,
    memoryEndings: MEMORY_ENDINGS,
    permissions: {
      detail: SANDBOX,
      remedy: "see the findings of the canaries, and name a Deno that keeps its flags (--deno-binary)",
      whyNotHonoured,
    },
    noPackages: "a module is linked with all that it needs: link the packages into it",
    warm: { memoryMb: WARM_MEMORY_MB, languages: [], servesEveryProgram: true },
    denials: { read: readDenial, readStderr: () => [] },
    selfTest: { canaries: CANARIES, language: MODULE, variableNames: ["PWD", "TMPDIR"], version: COMMON_FLAGS },
    launchFile: launchModule,
  };
}

function whyNot(output: string): string | undefined {
  return output === HONEST_OUTPUT ? undefined : `an honest module printed ${JSON.stringify(output.slice(0, 200))}`;
}

/**
 * Why a module cannot have permissions; undefined when it can. It has the workspace and variables, and no function of
 * WASI for anything else that can be granted.
 */
function whyNotHonoured({ allowNet, allowRead, allowRun, allowWrite }: PermissionSettings): string | undefined {
  if (allowNet !== false) return "a module of WASI preview 1 has no function that connects to anything";
  if (allowRun) return "a module of WASI preview 1 has no function that starts a program";
  if (allowRead.length + allowWrite.length === 0) return undefined;
  return "a module is given its workspace and a directory for temporary files, and no other path";
}
