import { mainFileOf } from "../../core/languages.ts";
import {
  environmentCanary,
  honestCanary,
  memoryCanary,
  secretCanary,
  symlinkCanary,
} from "../process/self_test/common_canaries.ts";
import type { ProgramCanary } from "../process/self_test/program_canary.ts";
import { HONEST_MODULE, HUNGRY_MODULE, readingModule, VARIABLES_MODULE } from "./canary_modules.ts";
import { MODULE } from "./facts.ts";

const main = (module: Uint8Array<ArrayBuffer>) => ({ [mainFileOf(MODULE)]: module });

/** Ways to a path of the host from a directory of a module. */
const waysTo = (path: string) => [path, path.slice(1), `${"../".repeat(16)}${path.slice(1)}`];

/** The canaries: an honest module, and one for each kind of escape through WASI's functions. */
export const CANARIES: readonly ProgramCanary[] = [
  honestCanary(() => main(HONEST_MODULE)),
  secretCanary({
    name: "files",
    promise: "no file of the host is read",
    files: ({ secretPath }) => main(readingModule(waysTo(secretPath))),
    wrong: "a file of the host was read",
  }),
  symlinkCanary(({ secretPath }) => main(readingModule(["own", "planted"], [{ name: "own", target: secretPath }]))),
  environmentCanary(() => main(VARIABLES_MODULE)),
  {
    name: "process_files",
    promise: "nothing of its own process is read",
    cost: "runtime",
    files: () => main(readingModule([...waysTo("/proc/self/environ"), ...waysTo("/proc/self/cmdline")])),
    fault: ({ output }) => output === "" ? undefined : "a file of the module's process was read",
  },
  memoryCanary(() => main(HUNGRY_MODULE)),
];
