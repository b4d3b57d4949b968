import type { AttackSubject } from "../entry.ts";
import type { RuntimeHost } from "../port.ts";

/** Conformance checks that this runtime fails on a host, by name, each with the reason. */
export function deviations({ confinement }: RuntimeHost): Readonly<Record<string, string>> {
  if (confinement.hidesFiles) return {};
  return {
    "the program is the main module":
      "a main module's static imports read any file of the host where no layer of the operating system forbids it, so the program is imported by a boot module and import.meta.main is false",
  };
}

/** Environment names for which the conformance suite also runs on warm slots. */
export const warmLanguages: readonly string[] = ["typescript"];

/** Whether the layers of this host confine programs, beside the permission flags. */
export const usesHostLayers = true;

/** The environment name that attacks by command line use. */
export const shellEnvironment = "typescript";

const LANGUAGES = ["typescript", "javascript"];
const WITH_HANDSHAKE = ["configuration", "environment", "memory", "output", "time"];
const IN_CELLS = ["files", "environment", "memory", "output", "time"];
const POLLED = ["memory", "cpu", "disk"];
const WITHOUT_NAMESPACES = ["files", "links", "network", "environment", "processes"];
/** The categories without Landlock. There permission flags protect files, as they do alone. */
const WITHOUT_LANDLOCK = ["network", "environment", "processes"];
const LAYERS_OF_ROOT = ["own_user", "cgroup", "tmpfs"] as const;
const ALL_LAYERS = [...LAYERS_OF_ROOT, "namespaces", "landlock", "seccomp", "no_new_privs", "rlimits"] as const;

/**
 * Every combination of layers that a host may offer, the strongest first. The first meets every attack, the last nearly
 * all.
 */
export const attackSubjects: Readonly<Record<string, AttackSubject>> = {
  "deno in namespaces": { needs: "namespaces", languages: [...LANGUAGES, "shell"] },
  "deno in namespaces, warm": {
    needs: "namespaces",
    languages: LANGUAGES,
    categories: WITH_HANDSHAKE,
    isWarm: true,
  },
  "deno in namespaces, in a context": {
    needs: "namespaces",
    languages: LANGUAGES,
    categories: IN_CELLS,
    runsCells: true,
  },
  "deno in namespaces, not root": {
    needs: "namespaces",
    without: LAYERS_OF_ROOT,
    languages: [...LANGUAGES, "shell"],
    categories: ["environment", "processes", ...POLLED],
  },
  "deno under Landlock": {
    needs: "landlock",
    without: ["namespaces", "cgroup", "tmpfs"],
    languages: [...LANGUAGES, "shell"],
    categories: WITHOUT_NAMESPACES,
  },
  "deno under Landlock, not root": {
    needs: "landlock",
    without: ["namespaces", ...LAYERS_OF_ROOT],
    languages: LANGUAGES,
    categories: POLLED,
  },
  "deno as another user": {
    needs: "own_user",
    without: ["namespaces", "landlock"],
    languages: LANGUAGES,
    categories: WITHOUT_LANDLOCK,
  },
  "deno with flags alone": { without: ALL_LAYERS, languages: LANGUAGES },
};
