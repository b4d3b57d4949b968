import { MEBIBYTE } from "../../core/limits.ts";
import { releasedSpec, type Start, type StartOptions } from "../ecmascript/released_spec.ts";
import type { RuntimeHost } from "../port.ts";
import type { MemoryEnding, ProcessSpec } from "../process/spec.ts";
import { bunFacts } from "./facts.ts";
import { RELEASE } from "./release.ts";
import first from "./start.cjs" with { type: "text" };

/** The file that replaces every tsconfig.json. It configures nothing. */
const TSCONFIG = "tsconfig.json";

/**
 * Size of the address space for machine code, in bytes. JavaScriptCore reserves 1 GB, and only interprets code where it
 * gets none: programs then take up to ten times as long. On arm64 it is content with as much as this.
 */
const CODE_BYTES = 128 * MEBIBYTE;
const CODE_VARIABLES = { BUN_JSC_jitMemoryReservationSize: String(CODE_BYTES) } as const;
/** The bytes that JavaScriptCore reserves as data. Bun 1.4 did not start with less than 1.18 GB beside code. */
const RESERVED_BYTES = 1_300e6 + CODE_BYTES;

/** The signs of a program that ran out of memory. Bun ends it, or the program does not catch a refused allocation. */
export const MEMORY_ENDINGS: readonly MemoryEnding[] = [
  {
    pattern: /MemoryExhaustion|Bun has run out of memory|memory allocation of \d+ bytes failed/,
    endings: ["SIGABRT", "SIGTRAP"],
  },
  { pattern: /RangeError: Out of memory/, endings: [1] },
];

/** Bun as a process runtime. */
export function bunSpec(host: RuntimeHost): ProcessSpec {
  return releasedSpec({
    facts: bunFacts(host),
    release: RELEASE,
    oldest: { title: "Bun", minors: { 1: 4 }, allowsLater: true }, // Its flags were tried with this runtime.
    printsVersion: "console.log(Bun.version)",
    first,
    configuration: {
      "bunfig.toml": 'preload = ["./planted.cjs"]\n',
      ".env": "PLANTED=planted\n",
      "tsconfig.json": '{ "compilerOptions": { "paths": { "canary": ["./planted.cjs"] } } }',
    },
    loadInterpreter: async () => (await import("./interpreter/modules.ts")).INTERPRETER_MODULES,
    modules: { [TSCONFIG]: "{}" },
    reservedDataBytes: RESERVED_BYTES,
    commandVariables: CODE_VARIABLES,
    memoryEndings: MEMORY_ENDINGS,
    warmMemoryMb: 4, // Most of its mapped memory is the binary, and shared.
    start,
  }, host);
}

/**
 * The start of a process. Without these flags Bun obeys a bunfig.toml, an `.env` and a tsconfig.json of the workspace,
 * runs macros and installs imported packages. JavaScriptCore has no limit of its heap, but collects in time for the
 * memory size that it assumes of the machine. Bun would strip the types of imported modules, as the program is, in
 * threads: to start these takes 2 ms, and 200 modules are not loaded sooner.
 */
function start({ first, limits, pathOf }: StartOptions): Start {
  return {
    words: [
      "--config=/dev/null",
      "--no-env-file",
      "--no-install",
      "--no-macros",
      `--tsconfig-override=${pathOf(TSCONFIG)}`,
      first,
    ],
    ownVariables: {
      BUN_JSC_forceRAMSize: String(limits.memoryMb * MEBIBYTE),
      ...CODE_VARIABLES,
      BUN_FEATURE_FLAG_DISABLE_ASYNC_TRANSPILER: "1",
    },
    handshake: "ready",
    waiting: { variables: { CODEBEAKER_WAITS: "1" }, handshake: "ready_and_go" },
  };
}
