import type { AttackSubject } from "../entry.ts";
import { MODULE } from "./facts.ts";

const NO_NETWORK = "WASI preview 1 has no function that connects, so that there is nothing to refuse";

/** Conformance checks that it fails on a host, by language and name, each with the reason. */
export function deviations(): Readonly<Record<string, string>> {
  return {
    "wasm: a refused network access is reported, although the program caught the error": NO_NETWORK,
    "wasm: denials are bounded in number, and those left out are counted": NO_NETWORK,
  };
}

/** The suite of each language whose interpreter is a module stands in a file of its own. */
export const suiteLanguages: readonly string[] = [MODULE];

/** What programs have that start no others and no threads. */
export const dialects: Readonly<Record<string, string>> = { python: "python_alone" };

/** Environment names for which the conformance suite also runs on warm slots. */
export const warmLanguages: readonly string[] = [MODULE, "python"];

/** WebAssembly does not confine alone: the host's layers count. */
export const usesHostLayers = true;

/** It runs no command line: attacks by one are refused. */
export const shellEnvironment = MODULE;

/** What runs here is a module, which no attack on others is. */
export const attackSubjects: Readonly<Record<string, AttackSubject>> = {};

/** The test of `tests/attacks` whose attacks are modules. */
export const attackTest = "attack_wasm_test.ts";
