import type { DatabaseSync } from "node:sqlite";
import { createAuditStore } from "./audit_store.ts";
import { openDatabase } from "./database.ts";
import { createExecutionStore } from "./execution_store.ts";
import { createKeyStore } from "./key_store.ts";
import { createSessionStore } from "./session_store.ts";
import type { Storage } from "./storage.ts";
import { createUsageStore } from "./usage_store.ts";
import { WriteQueue } from "./write_queue.ts";

/** The settings of a storage. */
export interface StorageOptions {
  /** How long ended executions are kept. Default: 24 hours. */
  readonly outputRetentionMs?: number;
  /** Most bytes of ended executions. Beyond it, the executions that ended first are removed. Default: 1 GiB. */
  readonly maxStoredBytes?: number;
  /** How long closed sessions are kept. Default: 24 hours. */
  readonly sessionRetentionMs?: number;
  /** How long the audit log and the daily usage are kept. Default: 90 days. */
  readonly auditRetentionMs?: number;
  /** How long a call, and the event loop with it, waits for another process's write. Default: 5 s. */
  readonly busyTimeoutMs?: number;
  /** The time of day, in ms since 1970. */
  now?(): number;
}

const DAY_MS = 86_400_000;

/**
 * Opens the storage in one SQLite file or, without a path, in memory. Several processes may share the file. While
 * another process holds the lock or the disk is full, writes are deferred, and writes that must be durable fail as
 * `busy`.
 *
 * @throws {CodeBeakerError} `invalid_request` for a file that is not CodeBeaker's, is damaged, cannot be written, or
 * was written by a newer version
 */
export function openStorage(path: string | undefined, options: StorageOptions = {}): Storage {
  const retention = {
    outputRetentionMs: DAY_MS,
    maxStoredBytes: 1_073_741_824,
    sessionRetentionMs: DAY_MS,
    auditRetentionMs: 90 * DAY_MS,
    now: Date.now,
    ...options,
  };
  return openDatabase(path, (database) => createStores(database, retention));
}

/** The settings with their defaults. */
type Retention = Required<Omit<StorageOptions, "busyTimeoutMs">>;

function createStores(
  database: DatabaseSync,
  { busyTimeoutMs, ...retention }: Retention & Pick<StorageOptions, "busyTimeoutMs">,
): Storage {
  const writes = new WriteQueue(database, { busyTimeoutMs });
  const connection = { database, writes };
  const executions = createExecutionStore(connection, retention);
  const sessions = createSessionStore(connection, retention);
  const audit = createAuditStore(connection, retention);
  const usage = createUsageStore(connection, retention);
  return {
    executions,
    sessions,
    keys: createKeyStore(database),
    audit,
    usage,
    flush: () => void writes.flush(),
    prune(now) {
      writes.writeNow(() => {
        for (const store of [sessions, audit, usage, executions]) store.prune(now);
      });
      writes.flush(); // This comes last, as it may need the freed room.
    },
    [Symbol.dispose]() {
      if (!database.isOpen) return;
      writes[Symbol.dispose]();
      database.close();
    },
  };
}
