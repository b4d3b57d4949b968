import type { AttackSubject } from "../entry.ts";

/** Conformance checks that it fails on a host, by name, each with the reason. */
export function deviations(): Readonly<Record<string, string>> {
  return {};
}

/** Whether programs only compute. Nothing shows a program its workspace, and no function of it acts on anything. */
export const onlyComputes = true;

/** The languages of the whole suite. Programs in other languages run as in this one. */
export const suiteLanguages: readonly string[] = ["web"];

/** The languages of the warm suite: none. Slots wait for a program of any kind, and have a suite of their own. */
export const warmLanguages: readonly string[] = [];

/** Whether the layers of this host confine programs: they confine the slots. */
export const usesHostLayers = true;

/** The language of its programs, which run no command lines. */
export const shellEnvironment = "web";

/** The subjects of attacks. Attacks that need a function of another runtime are left out. */
export const attackSubjects: Readonly<Record<string, AttackSubject>> = {
  "isolate in namespaces": {
    languages: ["web"],
    categories: ["files", "configuration", "network", "memory", "cpu", "output", "time"],
    needs: "namespaces",
  },
  "isolate in namespaces, in a context": {
    languages: ["web"],
    categories: ["memory", "cpu", "output", "time"],
    needs: "namespaces",
    runsCells: true,
  },
};

/** The test of `tests/attacks` whose attacks are on isolates alone. */
export const attackTest = "attack_isolate_test.ts";
