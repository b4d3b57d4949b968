import type { AttackSubject } from "../entry.ts";

/** Conformance checks that this runtime fails, by name, each with the reason. */
export function deviations(): Readonly<Record<string, string>> {
  return {};
}

/** The languages of the whole suite. `sh` has a short check, as only a word of its command line differs from `bash`. */
export const suiteLanguages: readonly string[] = [
  ...["python", "javascript", "typescript", "node", "bash", "go", "csharp"],
];

/** The languages of the warm suite. One has a warm interpreter; one has a compiler, and only its launcher is warm. */
export const warmLanguages: readonly string[] = ["python", "go"];

/** Whether the layers of this host confine programs: here the Engine confines them. */
export const usesHostLayers = false;

/** The environment name that attacks by command line use. */
export const shellEnvironment = "bash";

const WITH_LAUNCHER = ["environment", "memory", "output", "time"];
const IN_CELLS = ["environment", "memory", "time"];
const OMITS = {
  "calls that the list of this machine's programs does not have":
    "the Engine has its own list, which lets a program debug its own processes; the common part is tried here too",
};
const IGNORED = "gVisor may be registered to leave the control group alone";

/** The configurations that an Engine may offer. The first meets every attack, the last nearly all. */
export const attackSubjects: Readonly<Record<string, AttackSubject>> = {
  "docker": { languages: ["python", "node", "bash", "shell"], omits: OMITS },
  "docker, warm": { languages: ["python", "bash"], categories: WITH_LAUNCHER, isWarm: true },
  "docker, in a context": { languages: ["python"], categories: IN_CELLS, runsCells: true },
  "docker with gVisor": {
    minIsolation: 10,
    languages: ["python", "bash", "shell"],
    omits: {
      ...OMITS,
      "watches on files that others use": "gVisor's own kernel watches the files of its container alone",
    },
    unenforced: { maxProcesses: "what the kernel counts are gVisor's own threads", memoryMb: IGNORED, cpuMs: IGNORED },
  },
};
