import type { AttackSubject } from "../entry.ts";
import { MODULE } from "./facts.ts";

const NO_NETWORK = "WASI preview 1 has no function that connects, so that there is nothing to refuse";
const OF_DENIALS = [
  "a refused network access is reported, although the program caught the error",
  "denials are bounded in number, and those left out are counted",
];
/** The languages whose programs have no function that connects. */
const WITHOUT_SOCKETS = [MODULE, "ruby", "prolog", "c"];

/** Conformance checks that this runtime fails, by language and name, each with the reason. */
export function deviations(): Readonly<Record<string, string>> {
  const names = WITHOUT_SOCKETS.flatMap((language) => OF_DENIALS.map((check) => `${language}: ${check}`));
  return Object.fromEntries(names.map((name) => [name, NO_NETWORK]));
}

/** The languages of the whole suite. The others have their suites in files of their own. */
export const suiteLanguages: readonly string[] = [MODULE];

/** By language, the dialect of programs that start no processes and no threads. */
export const dialects: Readonly<Record<string, string>> = { python: "python_alone", c: "wasi_c" };

/** Environment names for which the conformance suite also runs on warm slots. */
export const warmLanguages: readonly string[] = [MODULE, "python", "ruby", "prolog", "php"];

/** Whether the layers of this host confine programs, beside WebAssembly. */
export const usesHostLayers = true;

/** The environment name for attacks by command line: all of these are refused. */
export const shellEnvironment = MODULE;

/** Attacks that need what no program in an interpreter has. */
const OMITTED = {
  "Python's children": "no program starts another",
  "Python that stops itself": "no signal stops a program",
};

/** The subjects of attacks: programs in languages whose interpreter is a module. */
export const attackSubjects: Readonly<Record<string, AttackSubject>> = {
  "python in WebAssembly": {
    languages: ["python"],
    omits: OMITTED,
  },
  "python in WebAssembly, in a context": {
    languages: ["python"],
    categories: ["files", "environment", "cpu", "output", "time"],
    runsCells: true,
    omits: OMITTED,
  },
};

/** The test of `tests/attacks` whose attacks are modules. */
export const attackTest = "attack_wasm_test.ts";
