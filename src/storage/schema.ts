import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "./transaction.ts";

/** Marks a database file as this project's ("CBkr"). */
export const APPLICATION_ID = 0x43_42_6b_72;

/** The function that tells the audit log's triggers which lines may be removed. */
export const AUDIT_CUTOFF = "codebeaker_audit_cutoff";

const FIRST = `
CREATE TABLE executions (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  session TEXT,
  idempotency_key TEXT,
  fingerprint TEXT,
  status TEXT NOT NULL CHECK (status IN ('unfinished', 'ended', 'failed')),
  ended_at INTEGER CHECK ((ended_at IS NULL) = (status = 'unfinished')),
  bytes INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
CREATE INDEX executions_by_end ON executions (ended_at, bytes);
CREATE UNIQUE INDEX executions_by_idempotency_key ON executions (tenant, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

CREATE TABLE sessions (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  created_at TEXT NOT NULL,
  closed_at INTEGER,
  environment TEXT NOT NULL,
  principal TEXT NOT NULL,
  request TEXT NOT NULL,
  info TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_tenant ON sessions (tenant, created_at, id);
CREATE INDEX sessions_by_end ON sessions (closed_at);

CREATE TABLE keys (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL,
  principal TEXT NOT NULL,
  created_at TEXT NOT NULL,
  revoked_at TEXT
) STRICT;

CREATE TABLE usage (
  tenant TEXT NOT NULL,
  day TEXT NOT NULL,
  cpu_ms REAL NOT NULL,
  PRIMARY KEY (tenant, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_by_day ON usage (day);

CREATE TABLE audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  tenant TEXT,
  key TEXT,
  action TEXT NOT NULL,
  subject TEXT,
  facts TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'The audit log is never changed');
END;
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN new.number IN (SELECT number FROM audit) BEGIN
  SELECT RAISE(ABORT, 'The audit log is never changed');
END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit WHEN coalesce(old.at >= ${AUDIT_CUTOFF}(), TRUE) BEGIN
  SELECT RAISE(ABORT, 'The audit log is kept until its retention is over');
END;
`;

/**
 * The migration that makes executions listable. Each row has an entry, which stands before the document, since a column
 * behind a long text is slow to read. An execution that had failed before has no language.
 */
const LISTED = `
CREATE TABLE listed (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  session TEXT,
  idempotency_key TEXT,
  fingerprint TEXT,
  status TEXT NOT NULL CHECK (status IN ('unfinished', 'ended', 'failed')),
  created_at TEXT NOT NULL,
  ended_at INTEGER CHECK ((ended_at IS NULL) = (status = 'unfinished')),
  bytes INTEGER NOT NULL,
  entry TEXT NOT NULL,
  document TEXT NOT NULL
) STRICT;
INSERT INTO listed
  SELECT number, id, tenant, session, idempotency_key, fingerprint, status,
    coalesce(document ->> '$.createdAt', strftime('%Y-%m-%dT%H:%M:%fZ', ended_at / 1000.0, 'unixepoch')),
    ended_at, bytes, '{}', document
  FROM executions;
UPDATE listed SET entry = json_patch(
  iif(
    status = 'failed',
    json_object(
      'id', id, 'status', status, 'language', '', 'createdAt', created_at,
      'error', json_object('code', document ->> '$.code', 'message', document ->> '$.message')
    ),
    json_object(
      'id', id, 'status', 'ended', 'language', document ->> '$.language', 'createdAt', created_at,
      'runtime', document ->> '$.runtime', 'warm', document -> '$.warm', 'outcome', document -> '$.outcome',
      'exitCode', document -> '$.exitCode', 'usage', document -> '$.usage'
    )
  ),
  json_object('sessionId', session, 'contextId', document ->> '$.contextId')
);
DROP TABLE executions;
ALTER TABLE listed RENAME TO executions;
CREATE INDEX executions_by_end ON executions (ended_at, bytes);
CREATE UNIQUE INDEX executions_by_idempotency_key ON executions (tenant, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX executions_by_tenant ON executions (tenant, created_at, id, status, session);
`;

/** Every step from an empty file to the newest version. Released steps never change; a new one is appended. */
export const MIGRATIONS: readonly string[] = [FIRST, LISTED];

/** Migrates a database to the newest version, completely or not at all. */
export function migrate(database: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  if (versionOf(database) >= migrations.length) return;
  inTransaction(database, () => {
    // Another process may have migrated the database while this one waited for the lock.
    for (const migration of migrations.slice(versionOf(database))) database.exec(migration);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`);
  });
}

/** The number of migrations that a database has had. */
export function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
}
