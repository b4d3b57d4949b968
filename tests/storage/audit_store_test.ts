import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { openStorage } from "../../src/storage/mod.ts";
import type { AuditEntry } from "../../src/storage/storage.ts";
import { withPath } from "./samples.ts";

const DAY_MS = 86_400_000;

function entryOf(at: string, subject: string | null = null): AuditEntry {
  return { at, tenant: "one", key: null, action: "execution", subject, facts: { outcome: { kind: "exited" } } };
}

Deno.test("AuditStore.read() gives entries back in their order, numbered, by page and by time", () => {
  using storage = openStorage(undefined);
  const entries = [1, 2, 3, 4].map((hour) => entryOf(`2026-01-01T0${hour}:00:00.000Z`, `exec_${hour}`));
  for (const entry of entries) storage.audit.append(entry);
  assertEquals(storage.audit.read({ limit: 10 }), entries.map((entry, index) => ({ ...entry, number: index + 1 })));
  const numbers = (page: Parameters<typeof storage.audit.read>[0]) =>
    storage.audit.read(page).map(({ number }) => number);
  assertEquals(numbers({ limit: 2 }), [1, 2]);
  assertEquals(numbers({ after: 2, limit: 10 }), [3, 4]);
  assertEquals(numbers({ after: 4, limit: 10 }), []);
  assertEquals(numbers({ since: "2026-01-01T03:00:00.000Z", limit: 10 }), [3, 4]);
  assertEquals(numbers({ since: "2026-01-01T02:00:00.000Z", after: 2, limit: 1 }), [3]);
  assertEquals(numbers({ since: "2027-01-01T00:00:00.000Z", limit: 1 }), []);
});

Deno.test("AuditStore keeps its lines: another connection can neither change, replace nor remove any, however old", () =>
  withPath((path) => {
    using storage = openStorage(path);
    storage.audit.append(entryOf("2001-01-01T00:00:00.000Z"));
    storage.audit.append(entryOf(new Date().toISOString()));
    const before = storage.audit.read({ limit: 10 });
    using other = new DatabaseSync(path);
    const attempts = [
      ["UPDATE audit SET tenant = 'two'", "never changed"],
      ["UPDATE audit SET number = 7 WHERE number = 1", "never changed"],
      ["UPDATE OR REPLACE audit SET number = 1 WHERE number = 2", "never changed"],
      ["INSERT OR REPLACE INTO audit (number, at, action, facts) VALUES (1, '', '', '{}')", "never changed"],
      [
        "INSERT INTO audit (number, at, action, facts) VALUES (1, '', '', '{}') ON CONFLICT DO UPDATE SET at = ''",
        "never",
      ],
      ["DELETE FROM audit", "codebeaker_audit_cutoff"],
      ["DELETE FROM audit WHERE number = 1", "codebeaker_audit_cutoff"],
    ] as const;
    for (const [sql, why] of attempts) assertThrows(() => other.exec(sql), Error, why);
    assertEquals(storage.audit.read({ limit: 10 }), before);
    assertEquals(before.length, 2);
    other.exec("DELETE FROM keys"); // What is not the log can be changed by it: the attempts failed by the triggers alone.
  }));

Deno.test("AuditStore keeps its lines from a storage that does not prune, too", () =>
  withPath((path) => {
    using storage = openStorage(path);
    storage.audit.append(entryOf("2001-01-01T00:00:00.000Z"));
    storage.flush();
    using other = new DatabaseSync(path);
    other.function("codebeaker_audit_cutoff", () => null);
    assertThrows(() => other.exec("DELETE FROM audit"), Error, "until its retention is over");
    assertEquals(storage.audit.read({ limit: 10 }).length, 1);
  }));

Deno.test("Storage.prune() removes lines that are older than their retention, and gives no number twice", () => {
  using storage = openStorage(undefined, { auditRetentionMs: 10 * DAY_MS });
  for (const day of ["01", "02", "03"]) storage.audit.append(entryOf(`2026-01-${day}T00:00:00.000Z`));
  const numbers = () => storage.audit.read({ limit: 10 }).map(({ number }) => number);
  storage.prune(new Date("2026-01-12T00:00:00.000Z"));
  assertEquals(numbers(), [2, 3]);
  storage.prune(new Date("2027-01-01T00:00:00.000Z"));
  assertEquals(numbers(), []);
  storage.audit.append(entryOf("2027-01-01T00:00:00.000Z"));
  assertEquals(numbers(), [4]);
});
