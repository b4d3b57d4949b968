import { CodeBeakerError } from "../../core/errors.ts";
import type { Confinement } from "../../sandbox/confinement.ts";
import type { Launch } from "../process/spec.ts";
import type { LanguageRow, Waiter } from "./languages/row.ts";

/** The waiter of a binary, and the path at which the binary finds its text. */
export interface FoundWaiter extends Waiter {
  readonly path: string;
}

/** The waiter for the binary that is here; undefined where none can be given to it. */
export function findWaiter(
  { waiter }: Pick<LanguageRow, "waiter">,
  { confinement, find }: { readonly confinement: Pick<Confinement, "canMount">; find(): string },
): FoundWaiter | undefined {
  if (waiter === undefined || !confinement.canMount) return undefined;
  try {
    const path = waiter.findPath(find());
    return path === undefined ? undefined : { ...waiter, path };
  } catch (error) {
    if (error instanceof CodeBeakerError) return undefined; // There is no binary.
    throw error;
  }
}

/** A launch whose binary waits for its program, where it finds the waiter's text. */
export function waitingLaunch(launch: Launch, { variables }: FoundWaiter): Launch {
  return { ...launch, ownVariables: { ...launch.ownVariables, ...variables } };
}
