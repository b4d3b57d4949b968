import type { DatabaseSync } from "node:sqlite";

/** Does all of the work or none of it, as a part of a transaction that has begun. Other writers wait from its start on. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  if (database.isTransaction) return work();
  // exec() would throw errors without SQLite's code, which tells whether they may pass.
  const perform = (statement: string) => database.prepare(statement).run();
  perform("BEGIN IMMEDIATE");
  try {
    const result = work();
    perform("COMMIT");
    return result;
  } catch (error) {
    // After a full disk, SQLite has rolled it back already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
