import { dirname } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { APPLICATION_ID, migrate, MIGRATIONS, versionOf } from "./schema.ts";

/** How long a call waits for another process to finish its write. */
const BUSY_TIMEOUT_MS = 5_000;
/** What is left of the write-ahead log on the disk after a large write. */
const MAX_LOG_BYTES = 67_108_864;
/** Between two tries for what SQLite itself does not wait for. */
const RETRY_MS = 10;

/**
 * Opens a database file of the newest version, which it makes where it is absent (mode 0600, its directory 0700), and hands it
 * over to `use`, whose result owns it. Without a path it is in memory. What a call has written is safe when the process is
 * killed; after a loss of power the last of it may be missing, and never half of it is there.
 *
 * @throws {CodeBeakerError} `invalid_request` for a file that is no database of CodeBeaker's, is damaged, cannot be written,
 *   or was written by a newer version
 */
export function openDatabase<Result>(path: string | undefined, use: (database: DatabaseSync) => Result): Result {
  if (path === undefined) return use(prepare(new DatabaseSync(":memory:")));
  let database: DatabaseSync | undefined;
  try {
    makeFile(path);
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    checkFile(database, path);
    return use(prepare(database));
  } catch (error) {
    database?.close();
    if (error instanceof CodeBeakerError) throw error;
    throw cannotOpen(path, {
      must: "it must be a whole database that this user may write",
      is: messageOf(error),
      error,
    });
  }
}

/** Nothing is written to a file of somebody else's, or of a later version. */
function checkFile(database: DatabaseSync, path: string): void {
  const version = versionOf(database);
  if (!isOurs(database, version)) {
    throw cannotOpen(path, { must: "it must be CodeBeaker's", is: "another program's database" });
  }
  if (version > MIGRATIONS.length) {
    throw cannotOpen(path, {
      must: `its version must be at most ${MIGRATIONS.length}, which this CodeBeaker knows`,
      is: String(version),
    });
  }
}

function isOurs(database: DatabaseSync, version: number): boolean {
  const id = database.prepare("PRAGMA application_id").get()?.["application_id"];
  if (id === APPLICATION_ID) return true;
  const isEmpty = database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
  return id === 0 && version === 0 && isEmpty;
}

function prepare(database: DatabaseSync): DatabaseSync {
  useWriteAheadLog(database);
  database.exec(`PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = ${MAX_LOG_BYTES}`);
  migrate(database);
  return database;
}

/** SQLite refuses this at once, however long others may be waited for, while another process opens the same file. */
function useWriteAheadLog(database: DatabaseSync): void {
  for (let waitedMs = 0;; waitedMs += RETRY_MS) {
    try {
      return database.exec("PRAGMA journal_mode = WAL");
    } catch (error) {
      if (!messageOf(error).includes("database is locked") || waitedMs >= BUSY_TIMEOUT_MS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** A file that is there is not opened for this: to close it again would give up every lock that this process has on it. */
function makeFile(path: string): void {
  Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    if (!Deno.statSync(path).isFile) throw cannotOpen(path, { must: "it must be a file", is: "something else" });
    Deno.chmodSync(path, 0o600);
  }
}

function cannotOpen(
  path: string,
  { must, is, error }: { readonly must: string; readonly is: string; readonly error?: unknown },
): CodeBeakerError {
  return new CodeBeakerError(
    "invalid_request",
    `Cannot open the storage ${path} as ${must}: current value is ${is}. ` +
      "Move the file away, or give this service another home with --home",
    { cause: error },
  );
}
