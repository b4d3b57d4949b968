import { CodeBeakerError, type ErrorCode, messageOf } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import type { SessionInfo } from "../core/session.ts";
import type { EndedExecution, Observer } from "../engine/observer.ts";
import type { Caller } from "../engine/port.ts";
import { log } from "../log.ts";
import { RefusalMeter } from "./refusal_meter.ts";
import type { AuditEntry, AuditStore } from "../storage/storage.ts";

/** How an audit log is kept. */
export interface AuditLogOptions {
  /** Whether executions are kept with their code, stdin and variables. Default: false. */
  readonly keepsSource?: boolean;
  /** The time of day, in ms since 1970. */
  now?(): number;
}

/** What somebody was not let do. The rest of the errors that doors answer with are mistakes, and say nothing of anybody. */
const TOLD_REFUSALS: readonly ErrorCode[] = ["unauthorized", "permission_denied", "busy"];
/** A message may quote what a caller sent. */
const MAX_MESSAGE_LENGTH = 500;

/**
 * Writes down who did what, on which runtime, what came of it and what was refused. Of what was run it keeps nothing unless
 * it is told to. It never throws: what cannot be written is told by the service's log.
 */
export class AuditLog implements Observer {
  readonly #store: AuditStore;
  readonly #keepsSource: boolean;
  readonly #now: () => number;
  readonly #refusals = new RefusalMeter();

  constructor(store: AuditStore, { keepsSource = false, now = Date.now }: AuditLogOptions = {}) {
    this.#store = store;
    this.#keepsSource = keepsSource;
    this.#now = now;
  }

  executionEnded({ caller, id, sessionId, language, result, queuedMs, source }: EndedExecution): void {
    this.#append(caller, {
      action: "execution",
      subject: id,
      facts: {
        language,
        sessionId,
        ...(result instanceof CodeBeakerError ? failureFacts(result) : executionFacts(result)),
        queuedMs,
        source: this.#keepsSource ? source : undefined,
      },
    });
  }

  sessionOpened(caller: Caller, session: SessionInfo): void {
    this.#append(caller, { action: "session.open", subject: session.id, facts: sessionFacts(session) });
  }

  sessionClosed(caller: Caller, session: SessionInfo): void {
    const { executionCount, closedBecause } = session;
    const facts = { ...sessionFacts(session), executionCount, closedBecause };
    this.#append(caller, { action: "session.close", subject: session.id, facts });
  }

  refused({ caller, what, error }: Parameters<Required<Observer>["refused"]>[0]): void {
    if (!TOLD_REFUSALS.includes(error.code)) return;
    // Without a caller it is the service that is busy, and no quota.
    if (error.code === "busy" && caller === undefined) return;
    const { tenant, name } = caller?.principal ?? {};
    const admitted = this.#refusals.admit(JSON.stringify([tenant, name, error.code]), this.#now());
    if (admitted === undefined) return;
    this.#append(caller, {
      action: "refused",
      subject: null,
      facts: { what, ...refusalFacts(error), leftOut: admitted.leftOut === 0 ? undefined : admitted.leftOut },
    });
  }

  #append(
    caller: Caller | undefined,
    { action, subject, facts }: Pick<AuditEntry, "action" | "subject" | "facts">,
  ): void {
    try {
      this.#store.append({
        at: new Date(this.#now()).toISOString(),
        tenant: caller?.principal.tenant ?? null,
        key: caller?.principal.name ?? null,
        action,
        subject,
        facts: { requestId: caller?.requestId, ...facts },
      });
    } catch (error) {
      log.error("a line of the audit log cannot be written", { action, subject, error: messageOf(error) });
    }
  }
}

function executionFacts(
  { runtime, warm, selection, outcome, exitCode, usage, attempts }: Execution,
): AuditEntry["facts"] {
  return { runtime, warm, floor: selection.floor, outcome, exitCode, usage, failedOn: runtimesOf(attempts) };
}

/** Not its message: what a runtime says of a failure may quote what it was given to run. */
function failureFacts({ code, details }: CodeBeakerError): AuditEntry["facts"] {
  return { error: code, failedOn: runtimesOf(details.attempts ?? []) };
}

function runtimesOf(attempts: Execution["attempts"]): string[] | undefined {
  return attempts.length === 0 ? undefined : attempts.map(({ runtime }) => runtime);
}

function sessionFacts({ runtime, language, selection }: SessionInfo): AuditEntry["facts"] {
  return { runtime, language, floor: selection.floor };
}

/** A denial that names no field of a request is about a command, which its message quotes: that is as good as code. */
function refusalFacts({ code, message, details }: CodeBeakerError): AuditEntry["facts"] {
  const quotesCode = code === "permission_denied" && details.errors === undefined;
  return {
    code,
    message: quotesCode ? undefined : message.slice(0, MAX_MESSAGE_LENGTH),
    fields: details.errors?.map(({ path }) => path),
  };
}
