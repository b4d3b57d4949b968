import type { AttackSubject } from "../entry.ts";

/** Conformance checks that it fails on a host, by name, each with the reason. */
export function deviations(): Readonly<Record<string, string>> {
  return {};
}

/** Nothing shows a program what lies in its workspace, and it has no function that acts on anything. */
export const onlyComputes = true;

/** What runs here in other languages runs as in this one. */
export const suiteLanguages: readonly string[] = ["web"];

/** Slots wait for a program of any kind, and a suite of their own tests how. */
export const warmLanguages: readonly string[] = [];

/** The host's layers confine its slots. */
export const usesHostLayers = true;

/** It runs no command lines: this names the language of its programs. */
export const shellEnvironment = "web";

/** Attacks that need a function of another runtime are none here. */
export const attackSubjects: Readonly<Record<string, AttackSubject>> = {
  "isolate in namespaces": {
    languages: ["web"],
    categories: ["files", "configuration", "network", "memory", "cpu", "output", "time"],
    needs: "namespaces",
  },
};

/** The test of `tests/attacks` whose attacks are on isolates alone. */
export const attackTest = "attack_isolate_test.ts";
