import { CodeBeakerError } from "../../core/errors.ts";
import type { Confinement } from "../../sandbox/confinement.ts";
import { type Command, reportingLaunch, waitingArgv, waitingCommandLaunch } from "./command_launch.ts";
import type { Launch, LaunchSite } from "./launch.ts";

/**
 * How a binary itself waits for its program. It reports that the program may begin, and waits for the go
 * (`src/core/child_protocol.ts`).
 */
export interface Waiter {
  /** Memory of a process that waits, in MB. */
  readonly memoryMb: number;
  /** Variables that make a process wait; absent, none do. Where {@link run} is absent, every process has them. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The command line of a process that waits, where it differs. Absent, variables and texts make the process wait. */
  readonly run?: readonly string[];
  /**
   * The placeholder for the program's file; absent, there is none. A binary needs one if it opens the file before it
   * waits.
   */
  readonly placeholder?: string;
  /**
   * The texts that a binary reads at its start, by their paths below `/etc`. Undefined for a binary that cannot wait.
   */
  findTexts(binary: string): Readonly<Record<string, string>> | undefined;
}

/** The waiter of a binary, and the texts that the binary reads. */
export interface FoundWaiter extends Waiter {
  readonly texts: Readonly<Record<string, string>>;
}

/** The waiter for the present binary; undefined where the binary or this machine allows none. */
export function findWaiter(
  waiter: Waiter | undefined,
  { confinement, find }: { readonly confinement: Pick<Confinement, "canMount">; find(): string },
): FoundWaiter | undefined {
  if (waiter === undefined || !confinement.canMount) return undefined;
  try {
    const texts = waiter.findTexts(find());
    return texts === undefined ? undefined : { ...waiter, texts };
  } catch (error) {
    if (error instanceof CodeBeakerError) return undefined; // There is no binary.
    throw error;
  }
}

/** How a binary that waits is launched. */
export interface WaitingCommand {
  readonly waiter: FoundWaiter;
  /** The command line of a process that waits, where the waiter has one. */
  readonly waiting: Pick<Command, "command" | "args">;
  /** The program's file, relative to the workspace. */
  readonly path: string;
}

/** Launches a binary that waits for its program. */
export function waitingLaunch(
  site: LaunchSite,
  command: Command,
  { path, waiter: { placeholder, run, variables }, waiting }: WaitingCommand,
): Launch {
  if (run === undefined) {
    const launch = reportingLaunch(site, command);
    return { ...launch, ownVariables: { ...launch.ownVariables, ...variables } };
  }
  const opens = placeholder === undefined ? {} : { opens: { path, text: placeholder } };
  const own = variables === undefined ? {} : { variables };
  return { ...waitingCommandLaunch(site, command), waiting: { argv: waitingArgv(waiting), ...own, ...opens } };
}
