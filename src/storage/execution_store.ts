import type { DatabaseSync } from "node:sqlite";
import type { Failure } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import { numberIn, textIn } from "./row.ts";
import type { ExecutionStore, StoredExecution } from "./storage.ts";
import { inTransaction } from "./transaction.ts";
import type { Writes } from "./writes.ts";

/** How long executions are kept after their end, and how much of them. */
export interface ExecutionRetention {
  readonly outputRetentionMs: number;
  /** Bytes of JSON that ended executions may take together, most of which is what they printed. */
  readonly maxStoredBytes: number;
  now(): number;
}

/** What is not written yet of an execution, and told from memory. */
interface Unwritten {
  readonly id: string;
  /** Undefined where its row is there, and tells it. */
  readonly tenant: string | undefined;
  readonly status: "unfinished" | "ended" | "failed";
  readonly document: string;
}

/** What becomes of an unfinished execution. */
interface End extends Pick<Unwritten, "id" | "document"> {
  readonly status: "ended" | "failed";
  readonly freesKey: boolean;
}

/** Rows that are looked at in one go when room is made. */
const BATCH = 64;

/**
 * Executions, each as its JSON. The bound on all of them holds at every moment: an end that would go over it first
 * removes those that ended first. They go whole, because an execution without its output would read as one that printed
 * nothing. What cannot be written now (a full disk, a file that another process has locked) is told from memory and
 * written later.
 */
export function createExecutionStore(
  { database, writes }: { readonly database: DatabaseSync; readonly writes: Writes },
  { outputRetentionMs, maxStoredBytes, now }: ExecutionRetention,
): ExecutionStore & { prune(now: Date): void } {
  const insert = database.prepare(
    "INSERT INTO executions (id, tenant, session, idempotency_key, fingerprint, status, bytes, document) " +
      "VALUES (?, ?, ?, ?, ?, 'unfinished', ?, ?)",
  );
  const insertEnded = database.prepare(
    "INSERT INTO executions (id, tenant, session, status, ended_at, bytes, document) " +
      "VALUES (?, ?, ?, 'ended', ?, ?, ?)",
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
  const unwritten = new Map<string, Unwritten>();

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

  function write(told: Unwritten, perform: (bytes: number) => void): void {
    const bytes = byteLength(told.document);
    const done = () => {
      if (unwritten.get(told.id) === told) unwritten.delete(told.id);
    };
    if (!writes.inTurn({ bytes, perform: () => perform(bytes), done })) unwritten.set(told.id, told);
  }

  function finishAs({ freesKey, ...end }: End): void {
    const { id, status, document } = end;
    write({ ...end, tenant: unwritten.get(id)?.tenant }, (bytes) => {
      makeRoom(bytes);
      if (finish.run(status, now(), bytes, document, freesKey ? 1 : 0, id).changes === 0) {
        throw new Error(`Cannot end the execution ${id} as it must be stored and unfinished`);
      }
      storedBytes += bytes;
    });
  }

  return {
    begin({ tenant, sessionId, draft, idempotency, isDurable }) {
      const document = JSON.stringify(draft);
      const { key, fingerprint } = idempotency ?? { key: null, fingerprint: null };
      const perform = (bytes: number) => {
        insert.run(draft.id, tenant, sessionId ?? null, key, fingerprint, bytes, document);
      };
      if (isDurable) writes.now(() => perform(byteLength(document)));
      else write({ id: draft.id, tenant, status: "unfinished", document }, perform);
    },
    end(execution) {
      finishAs({ status: "ended", id: execution.id, document: JSON.stringify(execution), freesKey: false });
    },
    add({ execution, sessionId, tenant }) {
      const document = JSON.stringify(execution);
      write({ id: execution.id, tenant, status: "ended", document }, (bytes) => {
        makeRoom(bytes);
        insertEnded.run(execution.id, tenant, sessionId ?? null, now(), bytes, document);
        storedBytes += bytes;
      });
    },
    fail(id, { code, message, details }, { freesKey = false } = {}) {
      // An Error's message is not among what JSON.stringify() sees.
      const document = JSON.stringify({ code, message, details } satisfies Failure);
      finishAs({ status: "failed", id, document, freesKey });
    },
    find(tenant, id): StoredExecution | undefined {
      const row = select.get(id, tenant);
      const kept = unwritten.get(id);
      if (row === undefined && kept?.tenant !== tenant) return undefined;
      const { status, document } = kept ??
        { status: textIn(row ?? {}, "status"), document: textIn(row ?? {}, "document") };
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

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).length;
}
