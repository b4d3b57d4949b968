import type { Failure } from "../core/errors.ts";
import type { Execution, RawOutput } from "../core/execution.ts";
import type { ExecutionEntry } from "../core/execution_entry.ts";
import type { PagePosition } from "../core/page.ts";
import type { Principal } from "../core/principal.ts";
import type { SessionInfo } from "../core/session.ts";
import type { SessionRequest } from "../core/requests/session_request.ts";

/**
 * The port to everything that outlives the process. Every call is synchronous. A write that cannot be made now is
 * deferred, and reads see it already; a made write survives the end of the process. {@link ExecutionStore.add}, and
 * writes to sessions that stay open, to the audit log and to usage, are deferred for at most 50 ms, since together they
 * take less time; a killed process loses these writes.
 */
export interface Storage extends Disposable {
  readonly executions: ExecutionStore;
  readonly sessions: SessionStore;
  readonly keys: KeyStore;
  readonly audit: AuditStore;
  readonly usage: UsageStore;
  /** Makes the deferred writes, as far as possible. */
  flush(): void;
  /**
   * Removes everything older than its retention, and the oldest output beyond its bound.
   *
   * @throws {CodeBeakerError} `busy`
   */
  prune(now: Date): void;
}

/** An execution that is recorded before its end. */
export interface NewExecution {
  readonly tenant: string;
  readonly sessionId?: string | undefined;
  /** The execution as reported when the service is lost before its end. */
  readonly draft: Execution;
  readonly idempotency?: { readonly key: string; readonly fingerprint: string } | undefined;
  /** Whether the execution must be written at once, since its client relies on it. Default: false. */
  readonly isDurable?: boolean;
}

/** An execution that is recorded at its end only. */
export interface CompleteExecution extends Pick<NewExecution, "tenant" | "sessionId"> {
  readonly execution: Execution;
  readonly raw?: RawOutput | undefined;
}

/** An execution as it is stored. */
export type StoredExecution =
  | { readonly status: "unfinished" | "ended"; readonly execution: Execution; readonly raw?: RawOutput }
  | { readonly status: "failed"; readonly id: string; readonly error: Failure };

/** Which executions are listed. */
export interface ExecutionListing {
  readonly after?: PagePosition | undefined;
  readonly limit: number;
  readonly sessionId?: string | undefined;
  readonly status?: "ended" | "failed" | undefined;
}

/** Executions with their outcome, usage and output; never their code, variables and stdin. */
export interface ExecutionStore {
  /** @throws {CodeBeakerError} `busy` when a durable execution cannot be written now */
  begin(execution: NewExecution): void;
  end(execution: Execution, raw?: RawOutput): void;
  /** Adds an execution that {@link begin} has not recorded. */
  add(complete: CompleteExecution): void;
  /** Ends an execution with the service's error. `freesKey` makes its idempotency key available again. */
  fail(id: string, error: Failure, options?: { readonly freesKey?: boolean }): void;
  find(tenant: string, id: string): StoredExecution | undefined;
  /**
   * Lists at least the `limit` newest of a tenant's executions behind a position. Fewer are listed where fewer exist;
   * they come in any order. An unfinished execution counts as `ended`.
   */
  list(tenant: string, page: ExecutionListing): ExecutionEntry[];
  findRepeated(
    tenant: string,
    idempotencyKey: string,
  ): { readonly id: string; readonly fingerprint: string } | undefined;
  /** Ends the executions that a lost service left unfinished, as their drafts say. Returns their number. */
  endUnfinished(): number;
}

/** A session as it is stored. */
export interface StoredSession {
  readonly principal: Principal;
  readonly info: SessionInfo;
  /** The request of the session, without the variables. */
  readonly request: Omit<SessionRequest, "env" | "metadata">;
  /** The id by which the runtime finds the execution environment again. */
  readonly environmentId: string;
}

/** Sessions, also closed ones until the end of their retention. */
export interface SessionStore {
  /** @throws {CodeBeakerError} `busy` when the session cannot be written now */
  insert(session: StoredSession): void;
  /**
   * Stores the changed facts of a session.
   *
   * @throws {Error} for a session that is closed and was not inserted
   */
  update(info: SessionInfo): void;
  find(tenant: string, id: string): SessionInfo | undefined;
  /**
   * Lists a tenant's closed sessions, the newest first. It begins after the session `after`; without that session it
   * lists none.
   */
  listClosed(tenant: string, page: { readonly after?: string | undefined; readonly limit: number }): SessionInfo[];
  /** The sessions of every tenant that are not closed. */
  open(): StoredSession[];
}

/** A key as it is stored, without its secret. */
export interface StoredKey {
  readonly id: string;
  /** SHA-256 of the secret, in hexadecimal digits. */
  readonly hash: string;
  readonly principal: Principal;
  readonly createdAt: string;
  readonly revokedAt?: string;
}

/** API keys, also revoked ones. */
export interface KeyStore {
  insert(key: StoredKey): void;
  find(id: string): StoredKey | undefined;
  list(): StoredKey[];
  /** Revokes a key. Returns whether the key existed and was not revoked. */
  revoke(id: string, now: Date): boolean;
  /** The ids of the revoked keys. */
  listRevoked(): string[];
  /** Whether there is a key that is not revoked. */
  hasAny(): boolean;
}

/** One line of the audit log. */
export interface AuditEntry {
  readonly at: string;
  readonly tenant: string | null;
  readonly key: string | null;
  /** The event: `execution`, `session.open`, `session.close`, `refused`, `key.create`, `key.revoke`. */
  readonly action: string;
  /** The id of the execution, session or key. */
  readonly subject: string | null;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The audit log, in the order of its events. Entries never change, and are removed only after their retention. */
export interface AuditStore {
  append(entry: AuditEntry): void;
  /**
   * Reads entries after the number `after`, the oldest first. With `since` (ISO 8601, UTC), they begin at that moment.
   */
  read(
    page: { readonly after?: number; readonly since?: string | undefined; readonly limit: number },
  ): (AuditEntry & { readonly number: number })[];
}

/** CPU time by tenant and day (UTC, `2026-11-25`). */
export interface UsageStore {
  add(tenant: string, day: string, cpuMs: number): void;
  read(tenant: string, day: string): number;
}
