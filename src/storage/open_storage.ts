import type { DatabaseSync } from "node:sqlite";
import { log } from "../log.ts";
import { createAuditStore } from "./audit_store.ts";
import { openDatabase } from "./database.ts";
import { createExecutionStore } from "./execution_store.ts";
import { createKeyStore } from "./key_store.ts";
import { createSessionStore } from "./session_store.ts";
import type { Storage } from "./storage.ts";
import { createUsageStore } from "./usage_store.ts";
import { Writes } from "./writes.ts";

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
  /** How long a call waits for another process's write, in ms, and the whole process with it. Default: 5 s. */
  readonly patienceMs?: number;
  /** The time at which something ends, in ms since 1970. */
  now?(): number;
}

const DAY_MS = 86_400_000;

/**
 * Opens what is kept beyond the process in one SQLite file, which several processes may have open; without a path it is
 * in memory and goes with the process. What cannot be written now, as another process writes for long or the disk is
 * full, is told from memory and written as soon as it can be, and what has to be there before it is told of is refused
 * as `busy`.
 *
 * @throws {CodeBeakerError} `invalid_request` for a file that is no database of CodeBeaker's, is damaged, cannot be
 *   written, or was written by a newer version
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

/** What is kept, with every default. */
type Retention = Required<Omit<StorageOptions, "patienceMs">>;

function createStores(
  database: DatabaseSync,
  { patienceMs, ...retention }: Retention & Pick<StorageOptions, "patienceMs">,
): Storage {
  const writes = new Writes(database, { patienceMs });
  const kept = { database, writes };
  const executions = createExecutionStore(kept, retention);
  const sessions = createSessionStore(kept, retention);
  const audit = createAuditStore(kept, retention);
  const usage = createUsageStore(kept, retention);
  return {
    executions,
    sessions,
    keys: createKeyStore(database),
    audit,
    usage,
    catchUp: () => void writes.catchUp(),
    prune(now) {
      writes.now(() => {
        for (const store of [sessions, audit, usage, executions]) store.prune(now);
      });
      writes.catchUp(); // Last, as it may need the room.
    },
    [Symbol.dispose]() {
      if (!database.isOpen) return;
      if (!writes.patiently(() => writes.catchUp())) log.error("what could not be written down before the end is lost");
      database.close();
    },
  };
}
