import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { openStorage } from "../../src/storage/mod.ts";
import { WriteQueue } from "../../src/storage/write_queue.ts";
import { sessionOf, withPath } from "./samples.ts";

/** A table of two connections, of which one can keep the other from writing. */
async function withLocker(
  test: (
    parts: { writes: WriteQueue; add(text: string): () => void; texts(): string[]; locker: DatabaseSync },
  ) => void | Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    using database = new DatabaseSync(path);
    using locker = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE words (text UNIQUE)");
    const insert = database.prepare("INSERT INTO words VALUES (?)");
    using writes = new WriteQueue(database, { busyTimeoutMs: 0 });
    await test({
      writes,
      add: (text) => () => void insert.run(text),
      texts: () => locker.prepare("SELECT text FROM words ORDER BY rowid").all().map(({ text }) => String(text)),
      locker,
    });
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) await Deno.remove(path + suffix).catch(() => {});
  }
}

Deno.test("WriteQueue.enqueue() keeps the order of the calls, whatever was deferred", () =>
  withLocker(({ writes, add, texts, locker }) => {
    const done: string[] = [];
    const write = (text: string) => writes.enqueue({ bytes: 1, perform: add(text), done: () => void done.push(text) });
    assertEquals(write("a"), true);
    locker.exec("BEGIN IMMEDIATE");
    assertEquals([write("b"), write("c"), writes.flush()], [false, false, false]);
    locker.exec("COMMIT");
    assertEquals(write("d"), true);
    assertEquals([texts(), done], [["a", "b", "c", "d"], ["b", "c"]]);
  }));

Deno.test("WriteQueue.writeNow() throws busy when it cannot write, and flushes deferred writes first", () =>
  withLocker(({ writes, add, texts, locker }) => {
    locker.exec("BEGIN IMMEDIATE");
    writes.enqueue({ bytes: 1, perform: add("a") });
    const error = assertThrows(() => writes.writeNow(add("b")), CodeBeakerError, "database is locked");
    assertEquals([error.code, error.details.retryAfterMs], ["busy", 1_000]);
    locker.exec("COMMIT");
    writes.writeNow(add("c"));
    assertEquals(texts(), ["a", "c"]);
  }));

Deno.test("WriteQueue loses a write that will never succeed, and none of those after it", () =>
  withLocker(({ writes, add, texts, locker }) => {
    writes.writeNow(add("a"));
    assertThrows(() => writes.enqueue({ bytes: 1, perform: add("a") }), Error, "UNIQUE");
    locker.exec("BEGIN IMMEDIATE");
    for (const text of ["a", "b"]) writes.enqueue({ bytes: 1, perform: add(text) });
    locker.exec("COMMIT");
    assertEquals([writes.flush(), texts()], [true, ["a", "b"]]);
  }));

Deno.test("WriteQueue.collect() writes what it collects together, soon, and before what is written at once", () =>
  withLocker(async ({ writes, add, texts }) => {
    const written = Promise.withResolvers<void>();
    writes.collect({ bytes: 1, perform: add("a") });
    writes.collect({ bytes: 1, perform: add("b") });
    assertEquals(texts(), []);
    writes.enqueue({ bytes: 1, perform: add("c") });
    assertEquals(texts(), ["a", "b", "c"]);
    writes.collect({ bytes: 1, perform: add("d"), done: written.resolve });
    await written.promise;
    assertEquals(texts(), ["a", "b", "c", "d"]);
  }));

Deno.test("WriteQueue.collect() loses one that will never succeed, and counts the others as they were written", () =>
  withLocker(({ writes, add, texts }) => {
    let count = 0;
    writes.onAttempt(() => {
      const before = count;
      return () => count = before;
    });
    for (const text of ["a", "a", "b"]) {
      const perform = add(text);
      writes.collect({
        bytes: 1,
        perform() {
          perform();
          count++;
        },
      });
    }
    assertEquals([writes.flush(), texts(), count], [true, ["a", "b"], 2]);
  }));

Deno.test("WriteQueue waits for a lock once for all that it has collected: no write is tried beneath it", () =>
  withLocker(({ writes, texts, add, locker }) => {
    const tried: string[] = [];
    for (const text of ["a", "b"]) {
      const perform = add(text);
      writes.collect({ bytes: 1, perform: () => (tried.push(text), perform()) });
    }
    locker.exec("BEGIN IMMEDIATE");
    assertEquals([writes.flush(), tried], [false, []]);
    locker.exec("COMMIT");
    assertEquals([writes.flush(), tried, texts()], [true, ["a", "b"], ["a", "b"]]);
  }));

Deno.test("WriteQueue defers at most 64 MiB, and beyond them loses the oldest writes", () =>
  withLocker(({ writes, add, texts, locker }) => {
    const lost: string[] = [];
    locker.exec("BEGIN IMMEDIATE");
    for (const text of ["a", "b", "c"]) {
      writes.enqueue({ bytes: 30_000_000, perform: add(text), done: () => void lost.push(text) });
    }
    assertEquals(lost, ["a"]);
    locker.exec("COMMIT");
    writes.flush();
    assertEquals(texts(), ["b", "c"]);
  }));

Deno.test("sessions, the audit log and usage are told from memory while they cannot be written, and written later", () =>
  withPath((path) => {
    using storage = openStorage(path, { busyTimeoutMs: 0 });
    const { info } = sessionOf("sess_1");
    storage.sessions.insert(sessionOf("sess_1"));
    storage.usage.add("one", "2026-01-01", 5);
    storage.flush();
    using locker = new DatabaseSync(path);
    locker.exec("BEGIN IMMEDIATE");
    assertThrows(() => storage.sessions.insert(sessionOf("sess_2")), CodeBeakerError, "the storage cannot be written");
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
    storage.flush();
    assertEquals([seen(storage), seen(second)], [["closed", 12], ["closed", 12]]);
    assertEquals(second.audit.read({ limit: 9 }), [{ ...line, number: 1 }]);
    assertEquals(second.sessions.open(), []);
  }));
