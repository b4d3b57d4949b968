import { UNSEEN_DENIALS } from "../denials/unseen_denials.ts";
import type { AttackSubject } from "../entry.ts";

/** Conformance checks that it fails on a host, by name, each with the reason. */
export function deviations(): Readonly<Record<string, string>> {
  return UNSEEN_DENIALS;
}

/** Environment names for which the conformance suite also runs on warm slots. */
export const warmLanguages: readonly string[] = ["node"];

/** Languages that the suite tests with the programs of another, since they have not the whole surface here. */
export const dialects: Readonly<Record<string, string>> = { javascript: "node", typescript: "node_typescript" };

/** Nothing but the host's layers confines. */
export const usesHostLayers = true;

/** The environment name that attacks by command line use. */
export const shellEnvironment = "node";

/** What the attacks are tried on, by title. */
export const attackSubjects: Readonly<Record<string, AttackSubject>> = {
  "node in namespaces": { needs: "namespaces", languages: ["ecmascript"] },
  "node in namespaces, warm": {
    needs: "namespaces",
    languages: ["ecmascript"],
    categories: ["configuration", "environment", "output"],
    isWarm: true,
  },
};
