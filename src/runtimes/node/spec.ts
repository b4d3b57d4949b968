import { releasedSpec, type Start, type StartOptions } from "../ecmascript/released_spec.ts";
import type { RuntimeHost } from "../port.ts";
import type { MemoryEnding, ProcessSpec } from "../process/spec.ts";
import { nodeFacts, TYPESCRIPT } from "./facts.ts";
import { RELEASE } from "./release.ts";
import first from "./start.cjs" with { type: "text" };
import typedMain from "./typed_main.cjs" with { type: "text" };
import typescript from "./typescript.cjs" with { type: "text" };
import warm from "./warm.mjs" with { type: "text" };

/** The most Workers of a program. */
const MAX_WORKERS = 4;
/**
 * The bytes that V8 reserves as data, for itself and again for each Worker. Node 24 took 568 MB, and 2.74 GB with four
 * Workers.
 */
const RESERVED_BYTES = 568e6 + MAX_WORKERS * 545e6;

/** The module that runs first in programs in TypeScript. */
const FIRST_OF_TYPES = "typescript.cjs";
/** The module that runs first in programs whose language is Node itself. */
const FIRST_OF_OWN = "typed_main.cjs";
/** Older versions warn that stripping types is experimental. */
const NO_WARNING_OF_TYPES = "--disable-warning=ExperimentalWarning";
/** Lets a text be parsed as a module. */
const PARSES_MODULES = "--experimental-vm-modules";

/** The signs of a program that ran out of memory. V8 ends it, or the program does not catch a refused allocation. */
export const MEMORY_ENDINGS: readonly MemoryEnding[] = [
  {
    pattern: /FATAL ERROR: .{0,80}JavaScript heap out of memory|Fatal process out of memory/,
    endings: ["SIGABRT", "SIGTRAP"],
  },
  { pattern: /RangeError: Array buffer allocation failed|ERR_WORKER_OUT_OF_MEMORY/, endings: [1] },
];

/** Node as a process runtime. */
export function nodeSpec(host: RuntimeHost): ProcessSpec {
  return releasedSpec({
    facts: nodeFacts(host),
    release: RELEASE,
    oldest: { title: "Node", minors: { 22: 18, 23: 6 }, allowsLater: true }, // These versions strip types without a flag.
    printsVersion: "console.log(process.versions.node)",
    first,
    configuration: { ".env": "PLANTED=planted\n", ".npmrc": "node-options=--require=./planted.cjs\n" },
    loadInterpreter: async () => (await import("./interpreter/modules.ts")).INTERPRETER_MODULES,
    modules: { "warm.mjs": warm, [FIRST_OF_OWN]: typedMain, [FIRST_OF_TYPES]: typescript }, // A process that waits loads the former.
    reservedDataBytes: RESERVED_BYTES,
    memoryEndings: MEMORY_ENDINGS,
    warmMemoryMb: 16, // Most of its mapped memory is the binary, and shared.
    warmMemoryMbByEnvironment: { [TYPESCRIPT]: 28 },
    start,
  }, host);
}

/** The start of a process. It has no configuration of OpenSSL's, which Node fails to read where a layer hides it. */
function start({ environment, first, limits, pathOf }: StartOptions): Start {
  return {
    words: [
      ...(environment === TYPESCRIPT ? [`--require=${pathOf(FIRST_OF_TYPES)}`, NO_WARNING_OF_TYPES] : []),
      ...(environment === RELEASE.binary ? [PARSES_MODULES, `--require=${pathOf(FIRST_OF_OWN)}`] : []),
      `--require=${first}`,
      `--max-old-space-size=${limits.memoryMb}`,
      "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
    ],
    ownVariables: { OPENSSL_CONF: "/dev/null" },
    handshake: "ready_and_go",
    waiting: { variables: { CODEBEAKER_WAITS: "1" } },
  };
}
