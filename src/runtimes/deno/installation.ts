import type { RuntimeHost } from "../port.ts";

/** A Deno that was found, and what stands ready to run programs with it. */
export interface DenoInstallation extends RuntimeHost {
  readonly scratchDirectory: string;
  readonly binary: string;
  /** What every program's process runs first. */
  readonly startPath: string;
  /** What imports a program where no layer hides the host's files. */
  readonly bootPath: string;
  /** The directory of what evaluates the cells of contexts. */
  readonly interpreterPath: string;
  /** The URL of the registry that packages come from. */
  readonly npmRegistry: string;
}
