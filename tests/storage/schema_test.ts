import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { entryOf, type ExecutionEntry, failedEntry } from "../../src/core/execution_entry.ts";
import { migrate, MIGRATIONS, versionOf } from "../../src/storage/schema.ts";
import { draftOf, endOf } from "./samples.ts";

const ADDED = "ALTER TABLE usage ADD COLUMN note TEXT";

Deno.test("migrate() takes what an older version has stored along to a newer one", () => {
  using database = new DatabaseSync(":memory:");
  migrate(database);
  database.exec("INSERT INTO usage VALUES ('one', '2026-01-01', 7)");
  migrate(database, [...MIGRATIONS, ADDED]);
  assertEquals({ ...database.prepare("SELECT * FROM usage").get() }, {
    tenant: "one",
    day: "2026-01-01",
    cpu_ms: 7,
    note: null,
  });
  assertEquals(versionOf(database), MIGRATIONS.length + 1);
  migrate(database, [...MIGRATIONS, ADDED]);
});

Deno.test("migrate() leaves a database as it was when a step fails", () => {
  using database = new DatabaseSync(":memory:");
  migrate(database);
  assertThrows(() => migrate(database, [...MIGRATIONS, ADDED, "ALTER TABLE nothing ADD COLUMN a"]), Error, "nothing");
  assertEquals(versionOf(database), MIGRATIONS.length);
  assertEquals(database.prepare("SELECT * FROM usage").columns().map(({ name }) => name), ["tenant", "day", "cpu_ms"]);
});

Deno.test("migrate() makes the entries of executions that the first version has stored", () => {
  using database = new DatabaseSync(":memory:");
  migrate(database, MIGRATIONS.slice(0, 1));
  const insert = database.prepare(
    "INSERT INTO executions (id, tenant, session, idempotency_key, fingerprint, status, ended_at, bytes, document) " +
      "VALUES (?, 'one', ?, ?, ?, ?, ?, 1, ?)",
  );
  const failure = { code: "busy", message: "Later", details: {} } as const;
  const ended = { ...endOf("exec_1"), sessionId: "sess_1" };
  insert.run("exec_1", "sess_1", "key", "f", "ended", 5, JSON.stringify(ended));
  insert.run("exec_2", null, null, null, "failed", 1_000, JSON.stringify(failure));
  insert.run("exec_3", null, null, null, "unfinished", null, JSON.stringify(draftOf("exec_3")));
  migrate(database);
  const rows = database.prepare("SELECT entry, created_at, idempotency_key FROM executions ORDER BY id").all();
  const entries: ExecutionEntry[] = rows.map(({ entry }) => JSON.parse(String(entry)));
  const createdAt = "1970-01-01T00:00:01.000Z";
  assertEquals(entries, [
    entryOf(ended),
    failedEntry({ id: "exec_2", status: "failed", language: "", createdAt }, failure),
    entryOf(draftOf("exec_3")),
  ]);
  assertEquals(rows.map((row) => row["created_at"]), [ended.createdAt, createdAt, draftOf("exec_3").createdAt]);
  assertEquals(rows[0]?.["idempotency_key"], "key");
});
