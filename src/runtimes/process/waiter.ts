import { CodeBeakerError } from "../../core/errors.ts";
import type { Confinement } from "../../sandbox/confinement.ts";
import { type Command, reportingLaunch, waitingArgv, waitingCommandLaunch } from "./command_launch.ts";
import type { Launch, LaunchSite } from "./spec.ts";

/** How a binary reports by itself that its program may begin, and waits for it (`src/core/child_protocol.ts`). */
export interface Waiter {
  /** Memory of a process that waits, in MB. */
  readonly memoryMb: number;
  /** Variables that make a process wait: every process has them where {@link run} is absent. Absent, none do. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The command line of a process that waits, where it is another; absent, its variables and texts make it wait. */
  readonly run?: readonly string[];
  /** What stands for the program's file while a binary starts that opens the file before it waits; absent, it opens none. */
  readonly placeholder?: string;
  /** The texts that a binary reads at its start, by their paths below `/etc`; undefined for a binary that cannot wait. */
  findTexts(binary: string): Readonly<Record<string, string>> | undefined;
}

/** The waiter of a binary, and the texts that the binary reads. */
export interface FoundWaiter extends Waiter {
  readonly texts: Readonly<Record<string, string>>;
}

/** The waiter for the binary that is here; undefined where none can be given to it. */
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
