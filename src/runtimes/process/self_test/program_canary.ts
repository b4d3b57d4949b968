import type { Limits } from "../../../core/limits.ts";
import type { Canary } from "../../self_test/canary.ts";
import type { Observed, TestFiles } from "../../self_test/run_program.ts";

/** The targets that canaries try to reach. */
export interface CanaryTargets {
  /** A file of the host that any user may read, and its content. */
  readonly secretPath: string;
  readonly secret: string;
  /** Whether a layer hides the file. Then not even a symlink that is already there leads to it. */
  readonly hidesFiles: boolean;
  /** A port of this machine on which the self-test listens. */
  readonly port: number;
  /** How many connections that port has had. */
  connections(): number;
  /** The environment of the service itself, as NAME=value. */
  readonly ownVariables: readonly string[];
}

/** The observed effects of a canary's program. */
export interface Observation extends Observed {
  readonly targets: CanaryTargets;
  /** The names in the workspace afterwards. */
  readonly fileNames: readonly string[];
}

/** A canary in an environment of its own. It runs a main file, or a line of `sh`. */
export type ProgramCanary = FileCanary | LineCanary;

/** A canary whose main file is run. */
export interface FileCanary extends Canary<Observation> {
  readonly files: (targets: CanaryTargets) => TestFiles;
  /** Symlinks in the workspace and their targets. */
  readonly links?: (targets: CanaryTargets) => Readonly<Record<string, string>>;
  /** Limits of its program; absent, those of all. */
  readonly limits?: Partial<Limits>;
}

/** A canary whose line is run by `sh`. */
export interface LineCanary extends Canary<Observation> {
  readonly line: string;
}
