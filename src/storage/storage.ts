import type { Failure } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import type { Principal } from "../core/principal.ts";
import type { SessionInfo, SessionRequest } from "../core/session.ts";

/**
 * THE PORT of what is kept beyond the process. Every call is synchronous, and durable against the end of the process
 * where what it keeps can be written; else it is told from memory until it is written.
 */
export interface Storage extends Disposable {
  readonly executions: ExecutionStore;
  readonly sessions: SessionStore;
  readonly keys: KeyStore;
  readonly audit: AuditStore;
  readonly usage: UsageStore;
  /** Writes what could not be written before, as far as it can be now. */
  catchUp(): void;
  /**
   * Removes what is older than its retention, and the oldest output beyond its bound.
   *
   * @throws {CodeBeakerError} `busy`
   */
  prune(now: Date): void;
}

/** An execution that was taken in, and is told of before its end. */
export interface NewExecution {
  readonly tenant: string;
  readonly sessionId?: string | undefined;
  /** What is told of it if the service is lost before its end. */
  readonly draft: Execution;
  readonly idempotency?: { readonly key: string; readonly fingerprint: string } | undefined;
  /** Whether its client counts on it from now on, and so it must outlive the process at once. */
  readonly isDurable?: boolean;
}

/** An execution of which nobody was told before its end. */
export interface CompleteExecution extends Pick<NewExecution, "tenant" | "sessionId"> {
  readonly execution: Execution;
}

/** An execution as it is kept. */
export type StoredExecution =
  | { readonly status: "unfinished" | "ended"; readonly execution: Execution }
  | { readonly status: "failed"; readonly id: string; readonly error: Failure };

/** Executions with their outcome, usage and output; never their code, variables and stdin. */
export interface ExecutionStore {
  /** @throws {CodeBeakerError} `busy` for one that must be kept, and cannot be written now */
  begin(execution: NewExecution): void;
  end(execution: Execution): void;
  /** Keeps one that did not {@link begin} here, since no client knew of it. */
  add(complete: CompleteExecution): void;
  /** With `freesKey` its idempotency key is free again: a second submit under it is another first one. */
  fail(id: string, error: Failure, options?: { readonly freesKey?: boolean }): void;
  find(tenant: string, id: string): StoredExecution | undefined;
  findRepeated(
    tenant: string,
    idempotencyKey: string,
  ): { readonly id: string; readonly fingerprint: string } | undefined;
  /** What a lost service left unfinished ends as its draft says. Returns how many there were. */
  endUnfinished(): number;
}

/** A session as it is kept. */
export interface StoredSession {
  readonly principal: Principal;
  readonly info: SessionInfo;
  /** What it was made from, without its variables. */
  readonly request: Omit<SessionRequest, "env" | "metadata">;
  /** By which its runtime finds the execution environment again. */
  readonly environmentId: string;
}

/** Sessions, also those that are closed, until their retention is over. */
export interface SessionStore {
  /** @throws {CodeBeakerError} `busy` when it cannot be written now */
  insert(session: StoredSession): void;
  /** Keeps what has changed of a session. @throws {Error} for one that was not inserted */
  update(info: SessionInfo): void;
  find(tenant: string, id: string): SessionInfo | undefined;
  /**
   * Those of a tenant that are closed, the newest first, from behind the session `after` on; none when that is gone.
   */
  listClosed(tenant: string, page: { readonly after?: string | undefined; readonly limit: number }): SessionInfo[];
  /** Those that are not closed, of every tenant. */
  open(): StoredSession[];
}

/** A key as it is kept: never the secret itself. */
export interface StoredKey {
  readonly id: string;
  /** SHA-256 of the secret, in hexadecimal digits. */
  readonly hash: string;
  readonly principal: Principal;
  readonly createdAt: string;
  readonly revokedAt?: string;
}

/** The keys that there are and were. */
export interface KeyStore {
  insert(key: StoredKey): void;
  find(id: string): StoredKey | undefined;
  list(): StoredKey[];
  /** Returns whether there was such a key that was not revoked. */
  revoke(id: string, now: Date): boolean;
  /** The ids of those that are revoked. */
  listRevoked(): string[];
  /** Whether any key is there that is not revoked. */
  hasAny(): boolean;
}

/** One line of the audit log. */
export interface AuditEntry {
  readonly at: string;
  readonly tenant: string | null;
  readonly key: string | null;
  /** What was done: `execution`, `session.open`, `session.close`, `refused`, `key.create`, `key.revoke`. */
  readonly action: string;
  /** The execution, session or key that it was done with. */
  readonly subject: string | null;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What happened, in its order; nothing in it is ever changed, and it goes only when its retention is over. */
export interface AuditStore {
  append(entry: AuditEntry): void;
  /** The entries from behind number `after` and from the moment `since` on (ISO 8601, UTC), the oldest first. */
  read(
    page: { readonly after?: number; readonly since?: string | undefined; readonly limit: number },
  ): (AuditEntry & { readonly number: number })[];
}

/** CPU time by tenant and day (UTC, `2026-11-25`). */
export interface UsageStore {
  add(tenant: string, day: string, cpuMs: number): void;
  read(tenant: string, day: string): number;
}
