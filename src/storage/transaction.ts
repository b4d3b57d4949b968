import type { DatabaseSync, StatementSync } from "node:sqlite";

/** The statements of a transaction, prepared once for each database. */
const STATEMENTS = new WeakMap<DatabaseSync, { readonly begin: StatementSync; readonly commit: StatementSync }>();

/**
 * Does all of the work or none of it. The work joins a transaction that has begun. Other writers wait from the
 * transaction's start on.
 */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  if (database.isTransaction) return work();
  const { begin, commit } = statementsOf(database);
  begin.run();
  try {
    const result = work();
    commit.run();
    return result;
  } catch (error) {
    // After a full disk, SQLite has rolled the transaction back already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Prepares the statements. exec() would throw errors without the code of SQLite, which callers need. */
function statementsOf(database: DatabaseSync) {
  const known = STATEMENTS.get(database);
  if (known !== undefined) return known;
  const made = { begin: database.prepare("BEGIN IMMEDIATE"), commit: database.prepare("COMMIT") };
  STATEMENTS.set(database, made);
  return made;
}
