import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { migrate, MIGRATIONS, versionOf } from "../../src/storage/schema.ts";

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
