import { CodeBeakerError } from "../../core/errors.ts";
import type { Confinement } from "../../sandbox/confinement.ts";
import { type Command, reportingLaunch, waitingArgv, waitingCommandLaunch } from "../process/command_launch.ts";
import type { Launch, LaunchSite } from "../process/spec.ts";
import type { LanguageRow, Waiter } from "./languages/row.ts";

/** The waiter of a binary, and the texts that the binary reads. */
export interface FoundWaiter extends Waiter {
  readonly texts: Readonly<Record<string, string>>;
}

/** The waiter for the binary that is here; undefined where none can be given to it. */
export function findWaiter(
  { waiter }: Pick<LanguageRow, "waiter">,
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
  return { ...waitingCommandLaunch(site, command), waiting: { argv: waitingArgv(waiting), ...opens } };
}
