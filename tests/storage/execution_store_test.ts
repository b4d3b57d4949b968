import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { createExecutionStore } from "../../src/storage/execution_store.ts";
import { WriteQueue } from "../../src/storage/write_queue.ts";
import { openStorage } from "../../src/storage/mod.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { draftOf, endOf, withPath } from "./samples.ts";

/** Takes in and ends an execution of the tenant "one". */
function store({ executions }: Storage, id: string, stdout?: string): void {
  executions.begin({ tenant: "one", draft: draftOf(id) });
  executions.end(endOf(id, stdout));
}

/** Which of these are still there. */
function kept({ executions }: Storage, ids: readonly string[]): string[] {
  return ids.filter((id) => executions.find("one", id) !== undefined);
}

Deno.test("ExecutionStore.find() tells a draft as unfinished, then how it ended", () => {
  using storage = openStorage(undefined);
  storage.executions.begin({ tenant: "one", sessionId: "sess_1", draft: draftOf("exec_1") });
  assertEquals(storage.executions.find("one", "exec_1"), { status: "unfinished", execution: draftOf("exec_1") });
  storage.executions.end(endOf("exec_1"));
  assertEquals(storage.executions.find("one", "exec_1"), { status: "ended", execution: endOf("exec_1") });
});

Deno.test("ExecutionStore.find() gives bytes that are no text back beside the execution, and not in it", () => {
  using storage = openStorage(undefined);
  const raw = { stdout: { head: "/w==", gapBytes: 3, tail: "" } };
  storage.executions.begin({ tenant: "one", draft: draftOf("exec_1") });
  storage.executions.end(endOf("exec_1"), raw);
  storage.executions.add({ tenant: "one", execution: endOf("exec_2"), raw });
  for (const id of ["exec_1", "exec_2"]) {
    assertEquals(storage.executions.find("one", id), { status: "ended", execution: endOf(id), raw });
  }
});

Deno.test("ExecutionStore.add() keeps an execution that is over, for its tenant alone, within the bound on all of them", () => {
  using storage = openStorage(undefined, { maxStoredBytes: 2 * JSON.stringify(endOf("exec_1")).length });
  const ids = ["exec_1", "exec_2", "exec_3"];
  for (const id of ids) storage.executions.add({ tenant: "one", sessionId: "sess_1", execution: endOf(id) });
  assertEquals(kept(storage, ids), ids);
  storage.flush();
  assertEquals(kept(storage, ids), ["exec_2", "exec_3"]);
  assertEquals(storage.executions.find("one", "exec_3"), { status: "ended", execution: endOf("exec_3") });
  assertEquals(storage.executions.find("two", "exec_3"), undefined);
  assertEquals(storage.executions.endUnfinished(), 0);
});

Deno.test("ExecutionStore.end() that needs the room of another while another process has locked the file is written later", async () => {
  await withPath((path) => {
    const maxStoredBytes = 2 * JSON.stringify(endOf("exec_1")).length;
    using storage = openStorage(path, { busyTimeoutMs: 0, maxStoredBytes });
    for (const id of ["exec_1", "exec_2"]) store(storage, id);
    storage.executions.begin({ tenant: "one", draft: draftOf("exec_3") });
    using other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    storage.executions.end(endOf("exec_3"));
    assertEquals(storage.executions.find("one", "exec_3"), { status: "ended", execution: endOf("exec_3") });
    other.exec("ROLLBACK");
    storage.flush();
    assertEquals(kept(storage, ["exec_1", "exec_2", "exec_3"]), ["exec_2", "exec_3"]);
    assertEquals(storage.executions.find("one", "exec_3"), { status: "ended", execution: endOf("exec_3") });
  });
});

Deno.test("ExecutionStore.add() that cannot be written now is told from memory for its tenant alone, and written later", async () => {
  await withPath((path) => {
    using storage = openStorage(path, { busyTimeoutMs: 0 });
    using other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    storage.executions.add({ tenant: "one", execution: endOf("exec_1") });
    assertEquals(storage.executions.find("one", "exec_1"), { status: "ended", execution: endOf("exec_1") });
    assertEquals(storage.executions.find("two", "exec_1"), undefined);
    other.exec("COMMIT");
    storage.flush();
    assertEquals(other.prepare("SELECT tenant, status FROM executions").all().map((row) => ({ ...row })), [
      { tenant: "one", status: "ended" },
    ]);
  });
});

Deno.test("ExecutionStore.find() gives output back as it was: NUL, quotes, half a surrogate pair, a megabyte", () => {
  using storage = openStorage(undefined);
  const outputs = ["a\0b", "'\"\\;--", "half \ud83d of one", "\u2028", "é".repeat(524_288), "\0".repeat(1_048_576)];
  for (const [index, stdout] of outputs.entries()) {
    store(storage, `exec_${index}`, stdout);
    const execution = endOf(`exec_${index}`, stdout);
    assertEquals(storage.executions.find("one", execution.id), { status: "ended", execution });
  }
});

Deno.test("ExecutionStore.find() knows nothing of another tenant's execution, nor of one that was not begun", () => {
  using storage = openStorage(undefined);
  store(storage, "exec_1");
  for (
    const [tenant, id] of [["two", "exec_1"], ["", "exec_1"], ["one", "exec_2"], ["one", "%"], ["one", ""]] as const
  ) {
    assertEquals(storage.executions.find(tenant, id), undefined, `${tenant} ${id}`);
  }
});

Deno.test("ExecutionStore.fail() keeps code, message and details of an error", () => {
  using storage = openStorage(undefined);
  storage.executions.begin({ tenant: "one", draft: draftOf("exec_1") });
  const error = new CodeBeakerError("runtime_unavailable", "Cannot start", {
    cause: new Error("a secret of the host"),
    details: { attempts: [{ runtime: "docker", error: "gone" }], retryAfterMs: 5 },
  });
  storage.executions.fail("exec_1", error);
  const { code, message, details } = error;
  assertEquals(storage.executions.find("one", "exec_1"), {
    status: "failed",
    id: "exec_1",
    error: { code, message, details },
  });
});

Deno.test("ExecutionStore.end() and fail() refuse what has ended or was never begun, and change nothing", () => {
  using storage = openStorage(undefined);
  store(storage, "exec_1");
  const failure = { code: "internal", message: "late", details: {} } as const;
  assertThrows(() => storage.executions.end(endOf("exec_1", "again")), Error, "exec_1");
  assertThrows(() => storage.executions.fail("exec_1", failure), Error, "exec_1");
  assertThrows(() => storage.executions.end(endOf("exec_2")), Error, "must be stored and unfinished");
  assertThrows(() => storage.executions.begin({ tenant: "two", draft: draftOf("exec_1") }), Error, "UNIQUE");
  assertEquals(storage.executions.find("one", "exec_1"), { status: "ended", execution: endOf("exec_1") });
  assertEquals(storage.executions.find("one", "exec_2"), undefined);
});

Deno.test("ExecutionStore.findRepeated() finds the first execution of a tenant's key, and of no other tenant's", () => {
  using storage = openStorage(undefined);
  const idempotency = { key: "k\0 ü", fingerprint: "f1" };
  storage.executions.begin({ tenant: "one", draft: draftOf("exec_1"), idempotency });
  storage.executions.begin({
    tenant: "two",
    draft: draftOf("exec_2"),
    idempotency: { ...idempotency, fingerprint: "f2" },
  });
  storage.executions.begin({ tenant: "one", draft: draftOf("exec_3") });
  assertEquals(storage.executions.findRepeated("one", "k\0 ü"), { id: "exec_1", fingerprint: "f1" });
  assertEquals(storage.executions.findRepeated("two", "k\0 ü"), { id: "exec_2", fingerprint: "f2" });
  for (const key of ["k", "k\0", "", "null"]) assertEquals(storage.executions.findRepeated("one", key), undefined);
  assertThrows(
    () => storage.executions.begin({ tenant: "one", draft: draftOf("exec_4"), idempotency }),
    Error,
    "UNIQUE",
  );
});

Deno.test("ExecutionStore.fail() frees the idempotency key where it is told to, and only there", () => {
  using storage = openStorage(undefined);
  const error = { code: "busy", message: "later", details: {} } as const;
  for (const [id, freesKey] of [["exec_1", true], ["exec_2", false], ["exec_3", undefined]] as const) {
    const idempotency = { key: id, fingerprint: "f" };
    storage.executions.begin({ tenant: "one", draft: draftOf(id), idempotency });
    storage.executions.fail(id, error, freesKey === undefined ? {} : { freesKey });
    const expected = freesKey ? undefined : { id, fingerprint: "f" };
    assertEquals(storage.executions.findRepeated("one", id), expected);
    assertEquals(storage.executions.find("one", id), { status: "failed", id, error });
  }
  storage.executions.begin({
    tenant: "one",
    draft: draftOf("exec_4"),
    idempotency: { key: "exec_1", fingerprint: "g" },
  });
  assertEquals(storage.executions.findRepeated("one", "exec_1"), { id: "exec_4", fingerprint: "g" });
});

Deno.test("ExecutionStore.endUnfinished() ends as their drafts say those that have not ended, and counts them", () => {
  using storage = openStorage(undefined);
  store(storage, "exec_1");
  for (const id of ["exec_2", "exec_3"]) storage.executions.begin({ tenant: "one", draft: draftOf(id) });
  assertEquals(storage.executions.endUnfinished(), 2);
  assertEquals(storage.executions.find("one", "exec_2"), { status: "ended", execution: draftOf("exec_2") });
  assertEquals(storage.executions.find("one", "exec_1"), { status: "ended", execution: endOf("exec_1") });
  assertEquals(storage.executions.endUnfinished(), 0);
});

Deno.test("Storage.prune() removes executions whose end is longer ago than their retention, and their idempotency keys", () => {
  let now = 0;
  using storage = openStorage(undefined, { outputRetentionMs: 100, now: () => now });
  const idempotency = { key: "k", fingerprint: "f" };
  storage.executions.begin({ tenant: "one", draft: draftOf("exec_1"), idempotency });
  storage.executions.begin({ tenant: "one", draft: draftOf("exec_2") });
  storage.executions.begin({ tenant: "one", draft: draftOf("exec_3") });
  now = 50;
  storage.executions.end(endOf("exec_1"));
  now = 60;
  storage.executions.fail("exec_2", { code: "internal", message: "", details: {} });
  const all = ["exec_1", "exec_2", "exec_3"];
  storage.prune(new Date(150));
  assertEquals(kept(storage, all), all);
  assertEquals(storage.executions.findRepeated("one", "k")?.id, "exec_1");
  storage.prune(new Date(151));
  assertEquals(kept(storage, all), ["exec_2", "exec_3"]);
  assertEquals(storage.executions.findRepeated("one", "k"), undefined);
  storage.prune(new Date(1_000_000));
  assertEquals(kept(storage, all), ["exec_3"]);
  storage.executions.begin({ tenant: "one", draft: draftOf("exec_4"), idempotency });
});

Deno.test("ExecutionStore.end() makes room by removing those that ended first, and never one that has not ended", () => {
  let now = 0;
  using storage = openStorage(undefined, { maxStoredBytes: 35_000, now: () => now++ });
  storage.executions.begin({ tenant: "one", draft: draftOf("exec_0") });
  for (let index = 1; index <= 5; index++) store(storage, `exec_${index}`, "x".repeat(10_000));
  const all = Array.from({ length: 8 }, (_, index) => `exec_${index}`);
  assertEquals(kept(storage, all), ["exec_0", "exec_3", "exec_4", "exec_5"]);
  store(storage, "exec_6", "é".repeat(10_000));
  assertEquals(kept(storage, all), ["exec_0", "exec_5", "exec_6"]);
  store(storage, "exec_7", "x".repeat(50_000));
  assertEquals(kept(storage, all), ["exec_0", "exec_7"]);
});

Deno.test("ExecutionStore.fail() counts towards the bound as an end does", () => {
  let now = 0;
  using storage = openStorage(undefined, { maxStoredBytes: 15_000, now: () => now++ });
  store(storage, "exec_1", "x".repeat(10_000));
  storage.executions.begin({ tenant: "one", draft: draftOf("exec_2") });
  storage.executions.fail("exec_2", { code: "internal", message: "x".repeat(10_000), details: {} });
  assertEquals(kept(storage, ["exec_1", "exec_2"]), ["exec_2"]);
});

Deno.test("Storage.prune() keeps what fits the bound after it was lowered, the newest", async () => {
  const directory = await Deno.makeTempDir();
  const ids = Array.from({ length: 200 }, (_, index) => `exec_${index}`);
  let now = 0;
  {
    using wide = openStorage(`${directory}/db`, { now: () => now++ });
    for (const id of ids) store(wide, id, "x".repeat(1_000));
  }
  {
    using narrow = openStorage(`${directory}/db`, { maxStoredBytes: 10_000, now: () => now });
    assertEquals(kept(narrow, ids), ids);
    narrow.prune(new Date(now));
    const left = kept(narrow, ids);
    assertEquals(left, ids.slice(-left.length));
    assertEquals(left.length > 3 && left.length < 10, true);
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("ExecutionStore tells an end that cannot be written from memory, and writes it as soon as it can", () =>
  withPath((path) => {
    const storage = openStorage(path, { busyTimeoutMs: 0 });
    for (const id of ["exec_1", "exec_2", "exec_3"]) storage.executions.begin({ tenant: "one", draft: draftOf(id) });
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    storage.executions.end(endOf("exec_1"));
    const told = { status: "ended", execution: endOf("exec_1") } as const;
    assertEquals(storage.executions.find("one", "exec_1"), told);
    assertEquals(storage.executions.find("two", "exec_1"), undefined);
    using second = openStorage(path);
    assertEquals(second.executions.find("one", "exec_1")?.status, "unfinished");
    other.exec("COMMIT");
    storage.executions.end(endOf("exec_2"));
    assertEquals(second.executions.find("one", "exec_1"), told);
    other.exec("BEGIN IMMEDIATE");
    const failure = { code: "internal", message: "It broke", details: {} } as const;
    storage.executions.fail("exec_3", failure);
    other.exec("COMMIT");
    other.close();
    storage[Symbol.dispose]();
    assertEquals(second.executions.find("one", "exec_3"), { status: "failed", id: "exec_3", error: failure });
  }));

Deno.test("ExecutionStore takes in while it cannot write, unless what it takes must be kept: that is busy", () =>
  withPath((path) => {
    using storage = openStorage(path, { busyTimeoutMs: 0 });
    using other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    storage.executions.begin({ tenant: "one", draft: draftOf("exec_1") });
    const idempotency = { key: "k", fingerprint: "f" };
    const refused = { tenant: "one", draft: draftOf("exec_2"), idempotency, isDurable: true } as const;
    const error = assertThrows(
      () => storage.executions.begin(refused),
      CodeBeakerError,
      "the storage cannot be written",
    );
    assertEquals([error.code, error.details.retryAfterMs], ["busy", 1_000]);
    assertEquals(storage.executions.find("one", "exec_1"), { status: "unfinished", execution: draftOf("exec_1") });
    assertEquals(storage.executions.find("two", "exec_1"), undefined);
    assertEquals(storage.executions.find("one", "exec_2"), undefined);
    storage.executions.end(endOf("exec_1"));
    const ended = { status: "ended", execution: endOf("exec_1") } as const;
    assertEquals(storage.executions.find("one", "exec_1"), ended);
    assertEquals(storage.executions.find("two", "exec_1"), undefined);
    other.exec("COMMIT");
    storage.flush();
    using second = openStorage(path);
    assertEquals(second.executions.find("one", "exec_1"), ended);
    storage.executions.begin(refused);
    assertEquals(storage.executions.findRepeated("one", "k")?.id, "exec_2");
  }));

Deno.test("ExecutionStore.prune() makes room also where an end is pending that needs it", () =>
  withPath((path) => {
    const retention = { outputRetentionMs: 1_000, maxStoredBytes: 10_000_000, now: () => 0 };
    const { database, writes, executions } = openDatabase(path, (database) => {
      const writes = new WriteQueue(database);
      return { database, writes, executions: createExecutionStore({ database, writes }, retention) };
    });
    for (const id of ["exec_1", "exec_2", "exec_3"]) executions.begin({ tenant: "one", draft: draftOf(id) });
    for (const id of ["exec_1", "exec_2"]) executions.end(endOf(id, "x".repeat(500_000)));
    database.exec(`PRAGMA max_page_count = ${database.prepare("PRAGMA page_count").get()?.["page_count"]}`);
    const last = endOf("exec_3", "y".repeat(800_000));
    executions.end(last);
    assertEquals(writes.flush(), false);
    executions.prune(new Date(2_000));
    assertEquals(writes.flush(), true);
    assertEquals(executions.find("one", "exec_1"), undefined);
    database.close();
    using storage = openStorage(path);
    assertEquals(storage.executions.find("one", "exec_3"), { status: "ended", execution: last });
  }));

/** An execution that ended as another, some seconds after the first. */
function laterOf(second: number, id = `exec_${second}`) {
  return { ...endOf(id), createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString() };
}

function listed({ executions }: Storage, page: Partial<Parameters<Storage["executions"]["list"]>[1]> = {}): string[] {
  return executions.list("one", { limit: 10, ...page }).map(({ id, status }) => `${id} ${status}`);
}

Deno.test("ExecutionStore.list() lists a tenant's executions by their creation, the newest first, behind a position", () => {
  using storage = openStorage(undefined);
  for (const second of [2, 0, 1]) {
    storage.executions.add({ tenant: "one", sessionId: "sess_1", execution: laterOf(second) });
  }
  storage.executions.begin({ tenant: "one", draft: { ...draftOf("exec_3"), createdAt: laterOf(3).createdAt } });
  storage.executions.begin({ tenant: "one", draft: { ...draftOf("exec_4"), createdAt: laterOf(4).createdAt } });
  storage.executions.fail("exec_4", { code: "busy", message: "Later", details: { retryAfterMs: 1 } });
  storage.executions.add({ tenant: "two", sessionId: "sess_1", execution: laterOf(5) });
  storage.flush();
  assertEquals(listed(storage), [
    "exec_4 failed",
    "exec_3 ended",
    "exec_2 ended",
    "exec_1 ended",
    "exec_0 ended",
  ]);
  assertEquals(listed(storage, { limit: 2 }), ["exec_4 failed", "exec_3 ended"]);
  assertEquals(listed(storage, { after: laterOf(2), limit: 1 }), ["exec_1 ended"]);
  assertEquals(listed(storage, { status: "failed" }), ["exec_4 failed"]);
  assertEquals(listed(storage, { status: "ended", sessionId: "sess_1", limit: 1 }), ["exec_2 ended"]);
  assertEquals(listed(storage, { sessionId: "sess_2" }), []);
  const [failed, , ended] = storage.executions.list("one", { limit: 3 });
  assertEquals(failed, {
    id: "exec_4",
    status: "failed",
    language: "typescript",
    error: { code: "busy", message: "Later" },
    createdAt: laterOf(4).createdAt,
  });
  const { language, runtime, warm, outcome, exitCode, usage, createdAt } = laterOf(2);
  assertEquals(ended, { id: "exec_2", status: "ended", language, runtime, warm, outcome, exitCode, usage, createdAt });
});

Deno.test("ExecutionStore.list() lists what is not written yet as find() shows it", () =>
  withPath((path) => {
    using storage = openStorage(path, { busyTimeoutMs: 0 });
    for (const id of ["exec_1", "exec_2"]) storage.executions.begin({ tenant: "one", draft: draftOf(id) });
    using other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    storage.executions.end(endOf("exec_1"));
    storage.executions.fail("exec_2", { code: "internal", message: "It broke", details: {} });
    storage.executions.add({ tenant: "one", execution: endOf("exec_3") });
    storage.executions.begin({ tenant: "one", draft: draftOf("exec_4") });
    storage.executions.fail("exec_4", { code: "busy", message: "Later", details: {} });
    storage.executions.add({ tenant: "two", execution: endOf("exec_5") });
    const all = ["exec_1 ended", "exec_2 failed", "exec_3 ended", "exec_4 failed"];
    const sorted = (page = {}) => listed(storage, page).toSorted();
    assertEquals(sorted(), all);
    assertEquals(sorted({ status: "failed" }), ["exec_2 failed", "exec_4 failed"]);
    const exitCodes = () =>
      storage.executions.list("one", { limit: 10, status: "ended" }).map(({ exitCode }) => exitCode);
    assertEquals(exitCodes(), [0, 0]);
    other.exec("COMMIT");
    storage.flush();
    assertEquals([sorted(), exitCodes()], [all, [0, 0]]);
  }));
