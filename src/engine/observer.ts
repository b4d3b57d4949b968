import type { CodeBeakerError } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import type { Attempt, Selection } from "../core/selection.ts";
import type { SessionInfo } from "../core/session.ts";
import type { Caller } from "./port.ts";

/** An execution that has ended. */
export interface EndedExecution {
  readonly caller: Caller;
  readonly id: string;
  readonly sessionId?: string | undefined;
  readonly language: string;
  /** The isolation floor in force. */
  readonly floor: number;
  /** The result of the program, or the error of the service. */
  readonly result: Execution | CodeBeakerError;
  /** The time of day of the end, in ms since 1970. The report may follow later. */
  readonly endedAt: number;
  /** Time in the queue, in ms. */
  readonly queuedMs: number;
  /** The code and its input, for observers that are configured to keep them. */
  readonly source: { readonly code?: string; readonly stdin?: string; readonly env?: Readonly<Record<string, string>> };
}

/** Observes the service, for the metrics and the audit log. Every method returns at once and does not throw. */
export interface Observer {
  selected?(selection: Selection): void;
  /** An attempt on a runtime failed; the next candidate follows. */
  fellBack?(attempt: Attempt): void;
  executionEnded?(execution: EndedExecution): void;
  sessionOpened?(caller: Caller, session: SessionInfo): void;
  /** A session has been closed. `caller` is the owner, also when a timeout closed the session. */
  sessionClosed?(caller: Caller, session: SessionInfo): void;
  /** A door answered a request with an error. `caller` is absent without authentication. */
  refused?(request: {
    readonly caller?: Caller | undefined;
    readonly what: string;
    readonly error: CodeBeakerError;
  }): void;
}

/** Combines several observers into one. */
export function observers(all: readonly Observer[]): Required<Observer> {
  return {
    selected: (selection) => all.forEach((one) => one.selected?.(selection)),
    fellBack: (attempt) => all.forEach((one) => one.fellBack?.(attempt)),
    executionEnded: (execution) => all.forEach((one) => one.executionEnded?.(execution)),
    sessionOpened: (caller, session) => all.forEach((one) => one.sessionOpened?.(caller, session)),
    sessionClosed: (caller, session) => all.forEach((one) => one.sessionClosed?.(caller, session)),
    refused: (request) => all.forEach((one) => one.refused?.(request)),
  };
}
