import { CodeBeakerError, type ErrorCode, messageOf } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import type { SessionInfo } from "../core/session.ts";
import type { EndedExecution, Observer } from "../engine/observer.ts";
import type { Caller } from "../engine/port.ts";
import { log } from "../log.ts";
import { RefusalLimiter } from "./refusal_limiter.ts";
import type { AuditEntry, AuditStore } from "../storage/storage.ts";

/** The settings of an audit log. */
export interface AuditLogOptions {
  /** Whether the log keeps the code, stdin and variables of executions. Default: false. */
  readonly keepsSource?: boolean;
  /** The time of day, in ms since 1970. */
  now?(): number;
}

/** The error codes that mean a refusal. All others are mistakes of the caller or the service. */
const AUDITED_CODES: readonly ErrorCode[] = ["unauthorized", "permission_denied", "busy"];
/** Most characters of a message, which may quote the request. */
const MAX_MESSAGE_LENGTH = 500;

/**
 * Records executions, sessions and refused requests with their callers. It keeps no code unless configured to. It never
 * throws: the service's log reports a line that cannot be written.
 */
export class AuditLog implements Observer {
  readonly #store: AuditStore;
  readonly #keepsSource: boolean;
  readonly #now: () => number;
  readonly #limiter = new RefusalLimiter();

  constructor(store: AuditStore, { keepsSource = false, now = Date.now }: AuditLogOptions = {}) {
    this.#store = store;
    this.#keepsSource = keepsSource;
    this.#now = now;
  }

  executionEnded({ caller, id, sessionId, language, floor, result, endedAt, queuedMs, source }: EndedExecution): void {
    this.#append(caller, {
      action: "execution",
      at: endedAt,
      subject: id,
      facts: {
        language,
        sessionId,
        ...(result instanceof CodeBeakerError ? failureFacts(result) : executionFacts(result, floor)),
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
    if (!AUDITED_CODES.includes(error.code)) return;
    // Without a caller, the service is busy; no quota refused the request.
    if (error.code === "busy" && caller === undefined) return;
    const { tenant, name } = caller?.principal ?? {};
    const admitted = this.#limiter.admit(JSON.stringify([tenant, name, error.code]), this.#now());
    if (admitted === undefined) return;
    this.#append(caller, {
      action: "refused",
      subject: null,
      facts: { what, ...refusalFacts(error), leftOut: admitted.leftOut === 0 ? undefined : admitted.leftOut },
    });
  }

  #append(
    caller: Caller | undefined,
    { action, at = this.#now(), subject, facts }:
      & Pick<AuditEntry, "action" | "subject" | "facts">
      & { readonly at?: number },
  ): void {
    try {
      this.#store.append({
        at: new Date(at).toISOString(),
        tenant: caller?.principal.tenant ?? null,
        key: caller?.principal.name ?? null,
        action,
        subject,
        facts: { requestId: caller?.requestId, ...facts },
      });
    } catch (error) {
      log.error("audit.append_failed", { action, subject, error: messageOf(error) });
    }
  }
}

function executionFacts(
  { runtime, warm, outcome, exitCode, usage, attempts }: Execution,
  floor: number,
): AuditEntry["facts"] {
  return { runtime, warm, floor, outcome, exitCode, usage, failedOn: runtimesOf(attempts) };
}

/** Omits the message, in which a runtime may quote the code. */
function failureFacts({ code, details }: CodeBeakerError): AuditEntry["facts"] {
  return { error: code, failedOn: runtimesOf(details.attempts) };
}

function runtimesOf(attempts: Execution["attempts"] = []): string[] | undefined {
  return attempts.length === 0 ? undefined : attempts.map(({ runtime }) => runtime);
}

function sessionFacts({ runtime, language, selection }: SessionInfo): AuditEntry["facts"] {
  return { runtime, language, floor: selection.floor };
}

/** Omits the message of a refused command, which quotes the command. Such an error names no field. */
function refusalFacts({ code, message, details }: CodeBeakerError): AuditEntry["facts"] {
  const quotesCode = code === "permission_denied" && details.errors === undefined;
  return {
    code,
    message: quotesCode ? undefined : message.slice(0, MAX_MESSAGE_LENGTH),
    fields: details.errors?.map(({ path }) => path),
  };
}
