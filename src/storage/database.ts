import { dirname } from "@std/path";
import { statfsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { APPLICATION_ID, migrate, MIGRATIONS, versionOf } from "./schema.ts";

/** How long a call waits for the write of another process. */
const BUSY_TIMEOUT_MS = 5_000;
/** Most bytes of the write-ahead log that remain on the disk after a large write. */
const MAX_LOG_BYTES = 67_108_864;
/** Room below which a disk counts as full. SQLite needs it to open a database. */
const LEAST_ROOM_BYTES = 131_072;
/** Pause between two attempts where SQLite itself does not wait. */
const RETRY_MS = 10;

/**
 * Opens a database file and passes it to `use`, whose result owns it. It makes a missing file (mode 0600, its directory
 * 0700), and migrates the database. Without a path, the database is in memory. Writes survive a killed process; a power
 * loss may undo the last ones, but never a part of one.
 *
 * @throws {CodeBeakerError} `invalid_request` for a file that is not CodeBeaker's, is damaged, cannot be written, or
 * was written by a newer version
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
    if (isFull(dirname(path))) throw noRoom(path, error);
    throw cannotOpen(path, {
      must: "it must be a whole database that this user may write",
      is: messageOf(error),
      error,
    });
  }
}

/** Refuses a file of another program or of a newer version. Nothing is written to the file before. */
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

/**
 * Switches to a write-ahead log. It retries, since SQLite does not wait here for another process that opens the same
 * file.
 */
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

/**
 * Makes the file unless it exists. An existing file is not opened: closing it would release the locks of this process.
 */
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

/** Whether the disk of a directory is full, also of names of files. */
function isFull(directory: string): boolean {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(directory);
    return bavail * bsize < LEAST_ROOM_BYTES || (files > 0 && ffree === 0);
  } catch {
    return false; // The directory is absent.
  }
}

/** A database on a full disk is whole: SQLite needs room to open it. */
function noRoom(path: string, cause: unknown): CodeBeakerError {
  const message = `Cannot open the storage ${path} as its disk is full: make room there, and start again. ` +
    `Leave the file where it is: ${messageOf(cause)}`;
  return new CodeBeakerError("invalid_request", message, { cause });
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
