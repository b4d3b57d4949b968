import type { AttackSubject } from "../entry.ts";

/** Conformance checks that it fails on a host, by name, each with the reason. */
export function deviations(): Readonly<Record<string, string>> {
  const reason = "denials are read from stderr alone, where a program that catches the error leaves nothing";
  return {
    "a refused network access is reported, although the program caught the error": reason,
    "denials are bounded in number, and those left out are counted": reason,
  };
}

/** Environment names for which the conformance suite also runs on warm slots. */
export const warmLanguages: readonly string[] = ["node"];

/** Languages that the suite tests with the programs of another, since they have not the whole surface here. */
export const dialects: Readonly<Record<string, string>> = { javascript: "node" };

/** Nothing but the host's layers confines. */
export const usesHostLayers = true;

/** The environment name that attacks by command line use. */
export const shellEnvironment = "node";

/** What the attacks are tried on, by title. */
export const attackSubjects: Readonly<Record<string, AttackSubject>> = {};
