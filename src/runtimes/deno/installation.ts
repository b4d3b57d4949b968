import type { RuntimeHost } from "../runtime.ts";

/** A Deno that was found, and what stands ready to run programs with it. */
export interface DenoInstallation extends RuntimeHost {
  readonly scratchDirectory: string;
  readonly binary: string;
  readonly bootPath: string;
  /** The URL of the registry that packages come from. */
  readonly npmRegistry: string;
}
