import { assert, assertEquals, assertThrows } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { openStorage } from "../../src/storage/mod.ts";
import { MIGRATIONS } from "../../src/storage/schema.ts";
import { draftOf, endOf, withPath } from "./samples.ts";

const OTHER = fromFileUrl(new URL("./storage_process.ts", import.meta.url));

/** Starts another process on the same file. */
function startOther(role: string, ...args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-all", OTHER, role, ...args],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
}

/** The whole lines that a process has printed, up to the first for which `isEnough`, or its end. */
async function linesUntil(
  reader: ReadableStreamDefaultReader<string>,
  isEnough: (lines: readonly string[]) => boolean,
): Promise<string[]> {
  let text = "";
  for (;;) {
    const lines = text.split("\n").slice(0, -1);
    if (isEnough(lines)) return lines;
    const { done, value } = await reader.read();
    if (done) return lines;
    text += value;
  }
}

function modeOf(path: string): string {
  return ((Deno.statSync(path).mode ?? 0) & 0o777).toString(8);
}

function pragma(path: string, name: string): unknown {
  using database = new DatabaseSync(path);
  return database.prepare(`PRAGMA ${name}`).get()?.[name];
}

Deno.test("openStorage() makes a file for its owner alone, in a directory for its owner alone, with a log beside it", () =>
  withPath((path) => {
    using storage = openStorage(path);
    storage.usage.add("one", "2026-01-01", 1);
    assertEquals([dirname(path), path, `${path}-wal`, `${path}-shm`].map(modeOf), ["700", "600", "600", "600"]);
    assertEquals(pragma(path, "journal_mode"), "wal");
  }));

Deno.test("openStorage() takes the rights of others away from a file that is there", () =>
  withPath((path) => {
    openStorage(path)[Symbol.dispose]();
    Deno.chmodSync(path, 0o644);
    using _storage = openStorage(path);
    assertEquals(modeOf(path), "600");
  }));

Deno.test("openStorage() finds again what was stored before it was disposed of, which may happen twice", () =>
  withPath((path) => {
    const first = openStorage(path);
    first.executions.begin({ tenant: "one", draft: draftOf("exec_1") });
    first.executions.end(endOf("exec_1"));
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    assertEquals([...Deno.readDirSync(dirname(path))].map(({ name }) => name), ["codebeaker.db"]);
    using second = openStorage(path);
    assertEquals(second.executions.find("one", "exec_1"), { status: "ended", execution: endOf("exec_1") });
    assertThrows(() => first.executions.find("one", "exec_1"), Error, "finalized");
  }));

Deno.test("openStorage() without a path keeps everything in memory, each storage by itself", () => {
  using one = openStorage(undefined);
  using other = openStorage(undefined);
  one.usage.add("one", "2026-01-01", 1);
  assertEquals([one.usage.read("one", "2026-01-01"), other.usage.read("one", "2026-01-01")], [1, 0]);
});

Deno.test("openStorage() takes an empty file through every migration", () =>
  withPath((path) => {
    Deno.mkdirSync(dirname(path));
    Deno.writeTextFileSync(path, "");
    using storage = openStorage(path);
    storage.usage.add("one", "2026-01-01", 1);
    assertEquals(pragma(path, "user_version"), MIGRATIONS.length);
  }));

Deno.test("openStorage() refuses a file of a newer version and says which it knows, and does not touch it", () =>
  withPath((path) => {
    openStorage(path)[Symbol.dispose]();
    {
      using database = new DatabaseSync(path);
      database.exec("PRAGMA user_version = 99");
    }
    const error = assertThrows(() => openStorage(path), CodeBeakerError, `at most ${MIGRATIONS.length}`);
    assert(error.message.includes("current value is 99") && error.message.includes(path), error.message);
    assertEquals(error.code, "invalid_request");
    assertEquals(pragma(path, "user_version"), 99);
  }));

Deno.test("openStorage() refuses another program's database and does not touch it", () =>
  withPath((path) => {
    Deno.mkdirSync(dirname(path));
    for (const sql of ["CREATE TABLE theirs (a)", "PRAGMA application_id = 7; PRAGMA user_version = 1"]) {
      {
        using database = new DatabaseSync(path);
        database.exec(sql);
      }
      const before = Deno.readFileSync(path);
      assertThrows(() => openStorage(path), CodeBeakerError, "another program's database");
      assertEquals(Deno.readFileSync(path), before);
    }
  }));

Deno.test("openStorage() says so of what is no database: text, a cut file, scribbled pages, a directory", () =>
  withPath((path) => {
    {
      using storage = openStorage(path);
      for (let index = 0; index < 50; index++) storage.usage.add(`tenant ${index}`, "2026-01-01", 1);
    }
    const whole = Deno.readFileSync(path);
    const broken = {
      text: new TextEncoder().encode("not a database\n".repeat(500)),
      cut: whole.slice(0, whole.length / 2 + 100),
      scribbled: whole.map((byte, index) => index < 4_096 && index >= 100 ? 0x5a : byte),
    };
    for (const [what, bytes] of Object.entries(broken)) {
      Deno.writeFileSync(path, bytes);
      const error = assertThrows(() => openStorage(path), CodeBeakerError, "must be a whole database");
      assert(error.message.includes(path) && error.code === "invalid_request", what);
      assertEquals(Deno.readFileSync(path), bytes, what);
    }
    assertThrows(() => openStorage(dirname(path)), CodeBeakerError, "must be a file");
    assertThrows(() => openStorage(`${path}/below`), CodeBeakerError, "must be a whole database");
  }));

Deno.test("openStorage() lets a call wait for the write of another process, and then it succeeds", () =>
  withPath(async (path) => {
    using storage = openStorage(path);
    const other = startOther("hold_lock", path);
    const reader = other.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals(await linesUntil(reader, (lines) => lines.length > 0), ["locked"]);
    using impatient = new DatabaseSync(path);
    assertThrows(() => impatient.exec("DELETE FROM usage"), Error, "locked");
    await other.stdin.close();
    storage.executions.begin({ tenant: "one", draft: draftOf("exec_1") });
    assertEquals(storage.usage.read("locker", "2026-01-01"), 1, "the other one has committed before");
    assertEquals(storage.executions.find("one", "exec_1")?.status, "unfinished");
    assertEquals((await other.status).success, true);
    await reader.cancel();
  }));

Deno.test("openStorage() opens one new file from many processes at once, and loses nothing that any of them writes", () =>
  withPath(async (path) => {
    const others = Array.from({ length: 6 }, () => startOther("append_lines", path, "50"));
    const ended = await Promise.all(others.map(async (other) => {
      await other.stdin.close();
      return (await other.output()).success;
    }));
    assertEquals(ended, others.map(() => true));
    using storage = openStorage(path);
    const lines = storage.audit.read({ limit: 1_000 });
    assertEquals(lines.map(({ number }) => number), Array.from({ length: 300 }, (_, index) => index + 1));
    assertEquals(new Set(lines.map(({ tenant, facts }) => `${tenant} ${facts["index"]}`)).size, 300);
  }));

Deno.test("openStorage() finds everything that a killed process was told is stored", () =>
  withPath(async (path) => {
    const other = startOther("end_executions", path);
    const reader = other.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const before = await linesUntil(reader, (lines) => lines.length > 300);
    other.kill("SIGKILL");
    const after = await linesUntil(reader, () => false);
    await other.stdin.close();
    assertEquals((await other.status).signal, "SIGKILL");
    const lines = [...before, ...after].filter((line) => /^(begun|ended) exec_\d+$/.test(line));
    assert(lines.length > 300);
    using storage = openStorage(path);
    const ended = new Set(lines.filter((line) => line.startsWith("ended")).map((line) => line.slice(6)));
    for (const id of lines.filter((line) => line.startsWith("begun")).map((line) => line.slice(6))) {
      const index = Number(id.slice(5));
      const found = storage.executions.find("one", id);
      if (!ended.has(id)) assert(found !== undefined, id);
      else assertEquals(found, { status: "ended", execution: endOf(id, "x".repeat(index % 5_000)) });
    }
    const unfinished = storage.executions.endUnfinished();
    assert(unfinished >= 50, String(unfinished));
    assertEquals(storage.executions.find("one", "exec_2"), { status: "ended", execution: draftOf("exec_2") });
  }));
