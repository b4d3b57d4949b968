import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { openStorage } from "../../src/storage/mod.ts";
import { Writes } from "../../src/storage/writes.ts";
import { sessionOf, withPath } from "./samples.ts";

/** A table of two connections, of which one can keep the other from writing. */
async function withLocker(
  test: (parts: { writes: Writes; add(text: string): () => void; texts(): string[]; locker: DatabaseSync }) => void,
): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    using database = new DatabaseSync(path);
    using locker = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE words (text UNIQUE)");
    const insert = database.prepare("INSERT INTO words VALUES (?)");
    test({
      writes: new Writes(database, { patienceMs: 0 }),
      add: (text) => () => void insert.run(text),
      texts: () => locker.prepare("SELECT text FROM words ORDER BY rowid").all().map(({ text }) => String(text)),
      locker,
    });
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) await Deno.remove(path + suffix).catch(() => {});
  }
}

Deno.test("Writes.inTurn() keeps the order in which it was asked, whatever had to wait", () =>
  withLocker(({ writes, add, texts, locker }) => {
    const done: string[] = [];
    const write = (text: string) => writes.inTurn({ bytes: 1, perform: add(text), done: () => void done.push(text) });
    assertEquals(write("a"), true);
    locker.exec("BEGIN IMMEDIATE");
    assertEquals([write("b"), write("c"), writes.catchUp()], [false, false, false]);
    locker.exec("COMMIT");
    assertEquals(write("d"), true);
    assertEquals([texts(), done], [["a", "b", "c", "d"], ["b", "c"]]);
  }));

Deno.test("Writes.now() tells busy when it cannot write, and writes what waits before it", () =>
  withLocker(({ writes, add, texts, locker }) => {
    locker.exec("BEGIN IMMEDIATE");
    writes.inTurn({ bytes: 1, perform: add("a") });
    const error = assertThrows(() => writes.now(add("b")), CodeBeakerError, "database is locked");
    assertEquals([error.code, error.details.retryAfterMs], ["busy", 1_000]);
    locker.exec("COMMIT");
    writes.now(add("c"));
    assertEquals(texts(), ["a", "c"]);
  }));

Deno.test("Writes loses what will never succeed, and nothing that waits behind it", () =>
  withLocker(({ writes, add, texts, locker }) => {
    writes.now(add("a"));
    assertThrows(() => writes.inTurn({ bytes: 1, perform: add("a") }), Error, "UNIQUE");
    locker.exec("BEGIN IMMEDIATE");
    for (const text of ["a", "b"]) writes.inTurn({ bytes: 1, perform: add(text) });
    locker.exec("COMMIT");
    assertEquals([writes.catchUp(), texts()], [true, ["a", "b"]]);
  }));

Deno.test("Writes keeps 64 MiB in mind, and beyond them loses the first ones", () =>
  withLocker(({ writes, add, texts, locker }) => {
    const lost: string[] = [];
    locker.exec("BEGIN IMMEDIATE");
    for (const text of ["a", "b", "c"]) {
      writes.inTurn({ bytes: 30_000_000, perform: add(text), done: () => void lost.push(text) });
    }
    assertEquals(lost, ["a"]);
    locker.exec("COMMIT");
    writes.catchUp();
    assertEquals(texts(), ["b", "c"]);
  }));

Deno.test("sessions, the audit log and usage are told from memory while they cannot be written, and written later", () =>
  withPath((path) => {
    using storage = openStorage(path, { patienceMs: 0 });
    const { info } = sessionOf("sess_1");
    storage.sessions.insert(sessionOf("sess_1"));
    storage.usage.add("one", "2026-01-01", 5);
    using locker = new DatabaseSync(path);
    locker.exec("BEGIN IMMEDIATE");
    assertThrows(() => storage.sessions.insert(sessionOf("sess_2")), CodeBeakerError, "cannot be written down");
    const closed = { ...info, state: "closed", closedBecause: "closed_by_owner" } as const;
    storage.sessions.update(closed);
    storage.usage.add("one", "2026-01-01", 7);
    const line = { at: info.createdAt, tenant: "one", key: null, action: "test", subject: null, facts: {} };
    storage.audit.append(line);
    const seen = (from: typeof storage) => [
      from.sessions.find("one", "sess_1")?.state,
      from.usage.read("one", "2026-01-01"),
    ];
    using second = openStorage(path);
    assertEquals([seen(storage), seen(second)], [["closed", 12], ["idle", 5]]);
    assertEquals(storage.sessions.find("two", "sess_1"), undefined);
    locker.exec("COMMIT");
    storage.catchUp();
    assertEquals([seen(storage), seen(second)], [["closed", 12], ["closed", 12]]);
    assertEquals(second.audit.read({ limit: 9 }), [{ ...line, number: 1 }]);
    assertEquals(second.sessions.open(), []);
  }));
