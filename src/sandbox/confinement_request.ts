import type { BoundedProgram } from "./kernel_bounds.ts";
import type { Mount } from "./mount.ts";

/** A program of any runtime, with its files, variables and permissions. */
export interface ConfinementRequest extends BoundedProgram {
  /** The program's command line, with paths as the program sees them. */
  readonly argv: readonly [string, ...string[]];
  /** The program's working directory, as the program sees it. */
  readonly cwd: string;
  /** All variables of the program. */
  readonly variables: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** Whether the program has network, over IPv4. */
  readonly hasNetwork: boolean;
  /** Paths below `/etc` that the program needs copies of when it starts others; absent, none. */
  readonly etcPaths?: readonly string[];
  /** Texts that the program finds below `/etc`, by path; absent, none. */
  readonly etcTexts?: Readonly<Record<string, string>>;
  /** Number of the command line's processes that are the service's own; absent, none. */
  readonly ownProcesses?: number | undefined;
}
