import type { Failure } from "../../src/core/errors.ts";
import { entryOf, type ExecutionEntry, failedEntry } from "../../src/core/execution_entry.ts";
import type { Execution, RawOutput } from "../../src/core/execution.ts";
import type { SessionInfo } from "../../src/core/session.ts";
import type {
  CompleteExecution,
  ExecutionListing,
  ExecutionStore,
  NewExecution,
  SessionStore,
  StoredExecution,
  StoredSession,
} from "../../src/storage/storage.ts";

/** A store of executions in memory, for tests of its neighbours. */
export class FakeExecutionStore implements ExecutionStore {
  readonly begun = new Map<string, NewExecution>();
  readonly #ends = new Map<string, StoredExecution>();

  begin(execution: NewExecution): void {
    this.begun.set(execution.draft.id, execution);
  }

  end(execution: Execution, raw?: RawOutput): void {
    this.#ends.set(execution.id, { status: "ended", execution, ...(raw === undefined ? {} : { raw }) });
  }

  add({ execution, raw, sessionId, tenant }: CompleteExecution): void {
    this.begin({ tenant, sessionId, draft: execution });
    this.end(execution, raw);
  }

  fail(id: string, error: Failure, { freesKey = false }: { readonly freesKey?: boolean } = {}): void {
    this.#ends.set(id, { status: "failed", id, error });
    const begun = this.begun.get(id);
    if (freesKey && begun !== undefined) this.begun.set(id, { ...begun, idempotency: undefined });
  }

  find(tenant: string, id: string): StoredExecution | undefined {
    const begun = this.begun.get(id);
    if (begun?.tenant !== tenant) return undefined;
    return this.#ends.get(id) ?? { status: "unfinished", execution: begun.draft };
  }

  list(tenant: string, { sessionId, status }: ExecutionListing): ExecutionEntry[] {
    return [...this.begun.values()]
      .filter((one) => one.tenant === tenant && (sessionId === undefined || one.sessionId === sessionId))
      .map(({ draft }) => {
        const end = this.#ends.get(draft.id);
        if (end?.status === "failed") return failedEntry(entryOf(draft), end.error);
        return entryOf(end?.execution ?? draft);
      })
      .filter((entry) => status === undefined || entry.status === status);
  }

  findRepeated(tenant: string, key: string): { readonly id: string; readonly fingerprint: string } | undefined {
    const found = [...this.begun.values()].find((one) => one.tenant === tenant && one.idempotency?.key === key);
    return found?.idempotency === undefined
      ? undefined
      : { id: found.draft.id, fingerprint: found.idempotency.fingerprint };
  }

  endUnfinished(): number {
    return 0;
  }
}

/** A store of sessions in memory, for tests of its neighbours. */
export class FakeSessionStore implements SessionStore {
  readonly kept = new Map<string, StoredSession>();

  insert(session: StoredSession): void {
    this.kept.set(session.info.id, session);
  }

  update(info: SessionInfo): void {
    const kept = this.kept.get(info.id);
    if (kept === undefined) {
      throw new Error(`Cannot keep what has changed of the session ${info.id} as it must be stored`);
    }
    this.kept.set(info.id, { ...kept, info });
  }

  find(tenant: string, id: string): SessionInfo | undefined {
    const kept = this.kept.get(id);
    return kept?.principal.tenant === tenant ? kept.info : undefined;
  }

  listClosed(
    tenant: string,
    { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  ): SessionInfo[] {
    const closed = [...this.kept.values()]
      .filter(({ principal, info }) => principal.tenant === tenant && info.state === "closed")
      .map(({ info }) => info)
      .toReversed();
    const from = after === undefined ? 0 : closed.findIndex(({ id }) => id === after) + 1;
    return closed.slice(from, from + limit);
  }

  open(): StoredSession[] {
    return [...this.kept.values()].filter(({ info }) => info.state !== "closed");
  }
}
