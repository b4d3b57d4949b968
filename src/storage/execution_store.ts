import type { DatabaseSync } from "node:sqlite";
import type { Failure } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import { numberIn, textIn } from "./row.ts";
import type { ExecutionStore, StoredExecution } from "./storage.ts";
import { inTransaction } from "./transaction.ts";

/** How long executions are kept after their end, and how much of them. */
export interface ExecutionRetention {
  readonly outputRetentionMs: number;
  /** Bytes of JSON that ended executions may take together, most of which is what they printed. */
  readonly maxStoredBytes: number;
  now(): number;
}

/** What becomes of an unfinished execution. */
interface End {
  readonly status: "ended" | "failed";
  readonly id: string;
  readonly document: string;
  /** What the document takes in UTF-8. */
  readonly bytes: number;
  readonly freesKey: boolean;
}

/** Ends that could not be written are kept in mind, most of which is output; beyond so much the first ones are lost. */
const MAX_PENDING_BYTES = 67_108_864;
/** Rows that are looked at in one go when room is made. */
const BATCH = 64;

/**
 * Executions, each as its JSON. The bound on all of them holds at every moment: an end that would go over it first removes
 * those that ended first. They go whole, because an execution without its output would read as one that printed nothing. An end
 * that cannot be written (a full disk, a file that is locked for long) is thrown, told from memory and written later.
 */
export function createExecutionStore(
  database: DatabaseSync,
  { outputRetentionMs, maxStoredBytes, now }: ExecutionRetention,
): ExecutionStore & { prune(now: Date): void; flush(): boolean } {
  const insert = database.prepare(
    "INSERT INTO executions (id, tenant, session, idempotency_key, fingerprint, status, bytes, document) " +
      "VALUES (?, ?, ?, ?, ?, 'unfinished', ?, ?)",
  );
  const finish = database.prepare(
    "UPDATE executions SET status = ?, ended_at = ?, bytes = ?, document = ?, " +
      "idempotency_key = iif(?, NULL, idempotency_key) WHERE id = ? AND status = 'unfinished'",
  );
  const finishAll = database.prepare(
    "UPDATE executions SET status = 'ended', ended_at = ? WHERE ended_at IS NULL",
  );
  const select = database.prepare("SELECT status, document FROM executions WHERE id = ? AND tenant = ?");
  const selectRepeated = database.prepare(
    "SELECT id, fingerprint FROM executions WHERE tenant = ? AND idempotency_key = ?",
  );
  const sum = database.prepare("SELECT coalesce(sum(bytes), 0) AS bytes FROM executions WHERE ended_at IS NOT NULL");
  const selectOldest = database.prepare(
    "SELECT number, bytes FROM executions WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT ?",
  );
  const removeOne = database.prepare("DELETE FROM executions WHERE number = ?");
  const removeOld = database.prepare("DELETE FROM executions WHERE ended_at < ?");

  /** What ended executions take; another process may have ended some, which the next prune() finds out. */
  let storedBytes = readStoredBytes();
  const pending = new Map<string, End>();

  function readStoredBytes(): number {
    return numberIn(sum.get() ?? {}, "bytes");
  }

  /** Removes those that ended first until `bytes` more fit, or none is left. */
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

  function finishAs(end: Omit<End, "bytes">): void {
    const whole = { ...end, bytes: byteLength(end.document) };
    let isThere;
    try {
      isThere = write(whole);
    } catch (error) {
      keepPending(whole);
      throw error;
    }
    if (!isThere) throw new Error(`Cannot end the execution ${end.id} as it must be stored and unfinished`);
    flush();
  }

  /** Returns whether there was such an execution. */
  function write({ status, id, document, bytes, freesKey }: End): boolean {
    makeRoom(bytes);
    if (finish.run(status, now(), bytes, document, freesKey ? 1 : 0, id).changes === 0) return false;
    storedBytes += bytes;
    return true;
  }

  function keepPending(end: End): void {
    pending.set(end.id, end);
    let keptBytes = [...pending.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [id, { bytes }] of pending) {
      if (keptBytes <= MAX_PENDING_BYTES) return;
      pending.delete(id);
      keptBytes -= bytes;
    }
  }

  /** Writes what could not be written before, up to the first that still cannot. Returns whether that was everything. */
  function flush(): boolean {
    try {
      for (const [id, end] of pending) {
        write(end);
        pending.delete(id);
      }
      return true;
    } catch {
      return false; // Whoever ended it was told why.
    }
  }

  return {
    begin({ tenant, sessionId, draft, idempotency }) {
      const document = JSON.stringify(draft);
      const { key, fingerprint } = idempotency ?? { key: null, fingerprint: null };
      insert.run(draft.id, tenant, sessionId ?? null, key, fingerprint, byteLength(document), document);
    },
    end(execution) {
      finishAs({ status: "ended", id: execution.id, document: JSON.stringify(execution), freesKey: false });
    },
    fail(id, { code, message, details }, { freesKey = false } = {}) {
      // An Error's message is not among what JSON.stringify() sees.
      const document = JSON.stringify({ code, message, details } satisfies Failure);
      finishAs({ status: "failed", id, document, freesKey });
    },
    find(tenant, id): StoredExecution | undefined {
      const row = select.get(id, tenant);
      if (row === undefined) return undefined;
      const stored = { status: textIn(row, "status"), document: textIn(row, "document") };
      const { status, document } = stored.status === "unfinished" ? pending.get(id) ?? stored : stored;
      if (status === "failed") {
        const error: Failure = JSON.parse(document);
        return { status, id, error };
      }
      const execution: Execution = JSON.parse(document);
      return { status: status === "ended" ? "ended" : "unfinished", execution };
    },
    findRepeated(tenant, idempotencyKey) {
      const row = selectRepeated.get(tenant, idempotencyKey);
      return row === undefined ? undefined : { id: textIn(row, "id"), fingerprint: textIn(row, "fingerprint") };
    },
    endUnfinished() {
      const { changes } = finishAll.run(now());
      storedBytes = readStoredBytes();
      return Number(changes);
    },
    flush,
    prune(date) {
      removeOld.run(date.getTime() - outputRetentionMs);
      storedBytes = readStoredBytes();
      makeRoom(0);
      flush(); // Last, as it may need the room.
    },
  };
}

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).length;
}
