import type { DatabaseSync } from "node:sqlite";
import { log } from "../log.ts";
import { createAuditStore } from "./audit_store.ts";
import { openDatabase } from "./database.ts";
import { createExecutionStore } from "./execution_store.ts";
import { createKeyStore } from "./key_store.ts";
import { createSessionStore } from "./session_store.ts";
import type { Storage } from "./storage.ts";
import { createUsageStore } from "./usage_store.ts";

/** How long, and how much, is kept. */
export interface StorageOptions {
  /** Executions, from their end on. Default: 24 hours. */
  readonly outputRetentionMs?: number;
  /** Bytes that ended executions may take together; beyond it, those that ended first go. Default: 1 GiB. */
  readonly maxStoredBytes?: number;
  /** Sessions, once they are closed. Default: 24 hours. */
  readonly sessionRetentionMs?: number;
  /** Lines of the audit log, and what was used on a day. Default: 90 days. */
  readonly auditRetentionMs?: number;
  /** The time at which something ends, in ms since 1970. */
  now?(): number;
}

const DAY_MS = 86_400_000;

/**
 * Opens what is kept beyond the process in one SQLite file, which several processes may have open; without a path it is in
 * memory and goes with the process. A call waits up to 5 s for another process's write, and the whole process with it; what
 * the disk refuses is thrown as it comes.
 *
 * @throws {CodeBeakerError} `invalid_request` for a file that is no database of CodeBeaker's, is damaged, cannot be written,
 *   or was written by a newer version
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

function createStores(database: DatabaseSync, retention: Required<StorageOptions>): Storage {
  const executions = createExecutionStore(database, retention);
  const sessions = createSessionStore(database, retention);
  const audit = createAuditStore(database, retention);
  const usage = createUsageStore(database, retention);
  return {
    executions,
    sessions,
    keys: createKeyStore(database),
    audit,
    usage,
    prune(now) {
      for (const store of [sessions, audit, usage, executions]) store.prune(now); // What pends needs the room.
    },
    [Symbol.dispose]() {
      if (!database.isOpen) return;
      if (!executions.flush()) log.error("how some executions ended is lost as it cannot be written");
      database.close();
    },
  };
}
