import { UNSEEN_DENIALS } from "../denials/unseen_denials.ts";
import type { AttackSubject } from "../entry.ts";

/** Conformance checks that this runtime fails on a host, by name, each with the reason. */
export function deviations(): Readonly<Record<string, string>> {
  return UNSEEN_DENIALS;
}

/**
 * The languages of the whole suite. One has many parts of its own; one is the shell. The rows of the others have a
 * short check.
 */
export const suiteLanguages: readonly string[] = ["python", "bash"];

/** Environment names for which the conformance suite also runs on warm slots. */
export const warmLanguages: readonly string[] = ["python"];

/** Whether the layers of this host confine programs: nothing else does. */
export const usesHostLayers = true;

/** The environment name that attacks by command line use. */
export const shellEnvironment = "bash";

/** The subjects of the attacks, by title. */
export const attackSubjects: Readonly<Record<string, AttackSubject>> = {
  "native in namespaces": { needs: "namespaces", languages: ["python", "bash", "shell"] },
  "native in namespaces, warm": {
    needs: "namespaces",
    languages: ["python"],
    categories: ["environment", "memory", "output"],
    isWarm: true,
  },
  "native under Landlock": {
    needs: "landlock",
    without: ["namespaces", "cgroup", "tmpfs"],
    languages: ["python", "bash", "shell"],
  },
  "native in namespaces, in a context": {
    needs: "namespaces",
    languages: ["python"],
    categories: ["environment", "output", "time"],
    runsCells: true,
  },
};
