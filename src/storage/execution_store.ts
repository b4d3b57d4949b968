import type { DatabaseSync } from "node:sqlite";
import type { Failure } from "../core/errors.ts";
import type { Execution, RawOutput } from "../core/execution.ts";
import { entryOf, type ExecutionEntry, failedEntry } from "../core/execution_entry.ts";
import { numberIn, type Row, textIn } from "./row.ts";
import type { ExecutionStore, StoredExecution } from "./storage.ts";
import { inTransaction } from "./transaction.ts";
import type { QueuedWrite, WriteQueue } from "./write_queue.ts";

/** How long ended executions are kept, and how many bytes of them. */
export interface ExecutionRetention {
  readonly outputRetentionMs: number;
  /** Most bytes of JSON of all ended executions, which is mainly their output. */
  readonly maxStoredBytes: number;
  now(): number;
}

/** The state of an execution whose write is deferred. */
interface Unwritten {
  readonly id: string;
  /** Undefined when a row exists, which holds the tenant. */
  readonly tenant: string | undefined;
  readonly status: "unfinished" | "ended" | "failed";
  readonly document: string;
  /** Undefined when the entry is made from that of the row. */
  readonly entry: ExecutionEntry | undefined;
}

/** The end of an unfinished execution. */
interface End extends Pick<Unwritten, "id" | "document"> {
  readonly status: "ended" | "failed";
  readonly freesKey: boolean;
  /** Makes the entry of the end. The entry of a failure is made from the one at the begin. */
  toEntry(begun: ExecutionEntry | undefined): ExecutionEntry | undefined;
}

/** A text that sorts behind every ISO 8601 time. */
const BEHIND_ALL = "~";
/** Rows that are read at once to make room. */
const BATCH = 64;

/**
 * Creates the store of executions, each as its JSON. The stored bytes stay bounded at every moment: before an end
 * exceeds the bound, the executions that ended first are removed. They are removed whole, because an execution without
 * its output would read as one that printed nothing.
 */
export function createExecutionStore(
  { database, writes }: { readonly database: DatabaseSync; readonly writes: WriteQueue },
  { outputRetentionMs, maxStoredBytes, now }: ExecutionRetention,
): ExecutionStore & { prune(now: Date): void } {
  const insert = database.prepare(
    "INSERT INTO executions (id, tenant, session, idempotency_key, fingerprint, status, created_at, bytes, entry, document) " +
      "VALUES (?, ?, ?, ?, ?, 'unfinished', ?, ?, ?, ?)",
  );
  const insertEnded = database.prepare(
    "INSERT INTO executions (id, tenant, session, status, created_at, ended_at, bytes, entry, document) " +
      "VALUES (?, ?, ?, 'ended', ?, ?, ?, ?, ?)",
  );
  const finish = database.prepare(
    "UPDATE executions SET status = ?, ended_at = ?, bytes = ?, entry = ?, document = ?, " +
      "idempotency_key = iif(?, NULL, idempotency_key) WHERE id = ? AND status = 'unfinished'",
  );
  const finishAll = database.prepare(
    "UPDATE executions SET status = 'ended', ended_at = ? WHERE ended_at IS NULL",
  );
  const select = database.prepare("SELECT status, document FROM executions WHERE id = ? AND tenant = ?");
  const selectEntry = database.prepare("SELECT id, tenant, entry FROM executions WHERE id = ?");
  const selectPage = database.prepare(
    "SELECT id, entry FROM executions WHERE tenant = ?1 AND (created_at, id) < (?2, ?3) " +
      "AND (?4 IS NULL OR session = ?4) " +
      "AND CASE ?5 WHEN 'failed' THEN status = 'failed' WHEN 'ended' THEN status <> 'failed' ELSE TRUE END " +
      "ORDER BY created_at DESC, id DESC LIMIT ?6",
  );
  const selectRepeated = database.prepare(
    "SELECT id, fingerprint FROM executions WHERE tenant = ? AND idempotency_key = ?",
  );
  const sum = database.prepare("SELECT coalesce(sum(bytes), 0) AS bytes FROM executions WHERE ended_at IS NOT NULL");
  const selectOldest = database.prepare(
    "SELECT number, bytes FROM executions WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT ?",
  );
  const removeOne = database.prepare("DELETE FROM executions WHERE number = ?");
  const removeOld = database.prepare("DELETE FROM executions WHERE ended_at < ?");

  /** Bytes of ended executions. The next prune() counts those that another process has ended. */
  let storedBytes = readStoredBytes();
  const unwritten = new Map<string, Unwritten>();
  writes.onAttempt(() => {
    const before = storedBytes;
    return () => storedBytes = before;
  });

  function readStoredBytes(): number {
    return numberIn(sum.get() ?? {}, "bytes");
  }

  /** Removes the executions that ended first until `bytes` more fit, or none is left. */
  function makeRoom(bytes: number): void {
    while (storedBytes + bytes > maxStoredBytes) {
      const oldest = selectOldest.all(BATCH);
      if (oldest.length === 0) return;
      storedBytes = inTransaction(database, () => {
        let leftBytes = storedBytes;
        for (const row of oldest) {
          if (leftBytes + bytes <= maxStoredBytes) break;
          removeOne.run(numberIn(row, "number"));
          leftBytes -= numberIn(row, "bytes");
        }
        return leftBytes;
      });
    }
  }

  function writeOf(state: Unwritten, perform: (bytes: number) => void): QueuedWrite {
    const bytes = byteLength(state.document);
    const done = () => {
      if (unwritten.get(state.id) === state) unwritten.delete(state.id);
    };
    return { bytes, perform: () => perform(bytes), done };
  }

  function write(state: Unwritten, perform: (bytes: number) => void): void {
    if (!writes.enqueue(writeOf(state, perform))) unwritten.set(state.id, state);
  }

  function finishAs({ freesKey, toEntry, ...end }: End): void {
    const { id, status, document } = end;
    const begun = unwritten.get(id);
    write({ ...end, tenant: begun?.tenant, entry: toEntry(begun?.entry) }, (bytes) => {
      const row = selectEntry.get(id);
      const entry = JSON.stringify(toEntry(row === undefined ? undefined : entryIn(row))) ?? "";
      makeRoom(bytes);
      if (finish.run(status, now(), bytes, entry, document, freesKey ? 1 : 0, id).changes === 0) {
        throw new Error(`Cannot end the execution ${id} as it must be stored and unfinished`);
      }
      storedBytes += bytes;
    });
  }

  /** The entries of a tenant's deferred writes. */
  function listUnwritten(tenant: string): ExecutionEntry[] {
    return [...unwritten.values()].flatMap(({ id, tenant: owner, entry, document }) => {
      if (owner !== undefined) return owner === tenant && entry !== undefined ? [entry] : [];
      const row = selectEntry.get(id);
      if (row?.["tenant"] !== tenant) return [];
      if (entry !== undefined) return [entry];
      const error: Failure = JSON.parse(document);
      return [failedEntry(entryIn(row), error)];
    });
  }

  return {
    begin({ tenant, sessionId, draft, idempotency, isDurable }) {
      const document = JSON.stringify(draft);
      const entry = entryOf(draft);
      const { key, fingerprint } = idempotency ?? { key: null, fingerprint: null };
      const perform = (bytes: number) => {
        const { id, createdAt } = draft;
        insert.run(id, tenant, sessionId ?? null, key, fingerprint, createdAt, bytes, JSON.stringify(entry), document);
      };
      if (isDurable) writes.writeNow(() => perform(byteLength(document)));
      else write({ id: draft.id, tenant, status: "unfinished", document, entry }, perform);
    },
    end(execution, raw) {
      const entry = entryOf(execution);
      const document = JSON.stringify({ ...execution, raw });
      finishAs({ status: "ended", id: execution.id, document, freesKey: false, toEntry: () => entry });
    },
    add({ execution, raw, sessionId, tenant }) {
      const document = JSON.stringify({ ...execution, raw });
      const entry = entryOf(execution);
      const { id, createdAt } = execution;
      const state = { id, tenant, status: "ended", document, entry } as const;
      unwritten.set(id, state);
      writes.collect(writeOf(state, (bytes) => {
        makeRoom(bytes);
        insertEnded.run(id, tenant, sessionId ?? null, createdAt, now(), bytes, JSON.stringify(entry), document);
        storedBytes += bytes;
      }));
    },
    fail(id, { code, message, details }, { freesKey = false } = {}) {
      // JSON.stringify() does not see an Error's message.
      const document = JSON.stringify({ code, message, details } satisfies Failure);
      const toEntry: End["toEntry"] = (begun) =>
        begun === undefined ? undefined : failedEntry(begun, { code, message });
      finishAs({ status: "failed", id, document, freesKey, toEntry });
    },
    find(tenant, id): StoredExecution | undefined {
      const row = select.get(id, tenant);
      const deferred = unwritten.get(id);
      if (row === undefined && deferred?.tenant !== tenant) return undefined;
      const { status, document } = deferred ??
        { status: textIn(row ?? {}, "status"), document: textIn(row ?? {}, "document") };
      if (status === "failed") {
        const error: Failure = JSON.parse(document);
        return { status, id, error };
      }
      const { raw, ...execution }: Execution & { readonly raw?: RawOutput } = JSON.parse(document);
      return { status: status === "ended" ? "ended" : "unfinished", execution, ...(raw === undefined ? {} : { raw }) };
    },
    list(tenant, { after, limit, sessionId, status }) {
      const { createdAt, id } = after ?? { createdAt: BEHIND_ALL, id: "" };
      const wanted = limit + unwritten.size;
      const rows = selectPage.all(tenant, createdAt, id, sessionId ?? null, status ?? null, wanted);
      const deferred = listUnwritten(tenant).filter((entry) =>
        (sessionId === undefined || entry.sessionId === sessionId) && (status === undefined || entry.status === status)
      );
      return [...rows.filter((row) => !unwritten.has(textIn(row, "id"))).map(entryIn), ...deferred];
    },
    findRepeated(tenant, idempotencyKey) {
      const row = selectRepeated.get(tenant, idempotencyKey);
      return row === undefined ? undefined : { id: textIn(row, "id"), fingerprint: textIn(row, "fingerprint") };
    },
    endUnfinished() {
      const { changes } = writes.patiently(() => finishAll.run(now()));
      storedBytes = readStoredBytes();
      return Number(changes);
    },
    prune(date) {
      removeOld.run(date.getTime() - outputRetentionMs);
      storedBytes = readStoredBytes();
      makeRoom(0);
    },
  };
}

function entryIn(row: Row): ExecutionEntry {
  const entry: ExecutionEntry = JSON.parse(textIn(row, "entry"));
  return entry;
}

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).length;
}
