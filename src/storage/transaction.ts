import type { DatabaseSync } from "node:sqlite";

/** Does all of the work or none of it, as a part of a transaction that has begun. Other writers wait from its start on. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  if (database.isTransaction) return work();
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // After a full disk, SQLite has rolled it back already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
