import type { CodeBeakerError } from "../core/errors.ts";
import type { Attempt, Execution } from "../core/execution.ts";
import type { Selection } from "../core/selection.ts";
import type { SessionInfo } from "../core/session.ts";
import type { Caller } from "./port.ts";

/** An execution that is over. */
export interface EndedExecution {
  readonly caller: Caller;
  readonly id: string;
  readonly sessionId?: string | undefined;
  readonly language: string;
  /** What came of the program, or why the service could not run it. */
  readonly result: Execution | CodeBeakerError;
  /** How long it waited for its turn. */
  readonly queuedMs: number;
  /** What was run, for whoever is configured to keep it. */
  readonly source: { readonly code?: string; readonly stdin?: string; readonly env?: Readonly<Record<string, string>> };
}

/** Who hears what the service does; each method returns at once and does not throw. Metrics and the audit log are such. */
export interface Observer {
  selected?(selection: Selection): void;
  /** An attempt on a runtime failed, and the next one is tried. */
  fellBack?(attempt: Attempt): void;
  executionEnded?(execution: EndedExecution): void;
  sessionOpened?(caller: Caller, session: SessionInfo): void;
  /** `caller` is whoever owned it, also when a timeout closed it. */
  sessionClosed?(caller: Caller, session: SessionInfo): void;
  /** A door answered with an error. `caller` is absent when nobody was authenticated. */
  refused?(refusal: {
    readonly caller?: Caller | undefined;
    readonly what: string;
    readonly error: CodeBeakerError;
  }): void;
}

/** One observer that tells several. */
export function observers(all: readonly Observer[]): Required<Observer> {
  return {
    selected: (selection) => all.forEach((one) => one.selected?.(selection)),
    fellBack: (attempt) => all.forEach((one) => one.fellBack?.(attempt)),
    executionEnded: (execution) => all.forEach((one) => one.executionEnded?.(execution)),
    sessionOpened: (caller, session) => all.forEach((one) => one.sessionOpened?.(caller, session)),
    sessionClosed: (caller, session) => all.forEach((one) => one.sessionClosed?.(caller, session)),
    refused: (refusal) => all.forEach((one) => one.refused?.(refusal)),
  };
}
