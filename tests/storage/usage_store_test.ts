import { assertEquals } from "@std/assert";
import { openStorage } from "../../src/storage/mod.ts";

Deno.test("UsageStore.add() sums up by tenant and day", () => {
  using storage = openStorage(undefined);
  storage.usage.add("one", "2026-11-25", 1.5);
  storage.usage.add("one", "2026-11-25", 2);
  storage.usage.add("one", "2026-11-26", 10);
  storage.usage.add("two", "2026-11-25", 100);
  const read = (tenant: string, day: string) => storage.usage.read(tenant, day);
  assertEquals([read("one", "2026-11-25"), read("one", "2026-11-26"), read("two", "2026-11-25")], [3.5, 10, 100]);
  assertEquals([read("two", "2026-11-26"), read("three", "2026-11-25")], [0, 0]);
});

Deno.test("Storage.prune() removes days that are longer ago than the audit log goes back", () => {
  using storage = openStorage(undefined, { auditRetentionMs: 2 * 86_400_000 });
  for (const day of ["2026-11-22", "2026-11-23", "2026-11-25"]) storage.usage.add("one", day, 1);
  storage.prune(new Date("2026-11-25T12:00:00Z"));
  const left = ["2026-11-22", "2026-11-23", "2026-11-25"].map((day) => storage.usage.read("one", day));
  assertEquals(left, [0, 1, 1]);
});
