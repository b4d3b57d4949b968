import { assertEquals, assertThrows } from "@std/assert";
import { openStorage } from "../../src/storage/mod.ts";
import type { StoredKey } from "../../src/storage/storage.ts";
import { principalOf, withPath } from "./samples.ts";

function keyOf(id: string): StoredKey {
  return { id, hash: "ab".repeat(32), principal: principalOf("one"), createdAt: "2026-01-01T00:00:00.000Z" };
}

Deno.test("KeyStore.find() and list() give keys back whole, in the order in which they were made", () => {
  using storage = openStorage(undefined);
  const keys = [keyOf("b"), { ...keyOf("a"), revokedAt: "2026-01-02T00:00:00.000Z" }];
  for (const key of keys) storage.keys.insert(key);
  assertEquals(storage.keys.list(), keys);
  assertEquals(storage.keys.find("a"), keys[1]);
  assertEquals(storage.keys.find("A"), undefined);
  assertThrows(() => storage.keys.insert(keyOf("a")), Error, "UNIQUE");
});

Deno.test("KeyStore.revoke() revokes once, and keeps the key and its first moment", () => {
  using storage = openStorage(undefined);
  storage.keys.insert(keyOf("a"));
  assertEquals([storage.keys.hasAny(), storage.keys.listRevoked()], [true, []]);
  const at = new Date("2026-01-02T00:00:00.000Z");
  assertEquals(storage.keys.revoke("b", at), false);
  assertEquals(storage.keys.revoke("a", at), true);
  assertEquals(storage.keys.revoke("a", new Date("2026-01-03T00:00:00.000Z")), false);
  assertEquals(storage.keys.find("a"), { ...keyOf("a"), revokedAt: at.toISOString() });
  assertEquals([storage.keys.hasAny(), storage.keys.listRevoked()], [false, ["a"]]);
});

Deno.test("KeyStore sees at once what another connection to the file has done", () =>
  withPath((path) => {
    using service = openStorage(path);
    assertEquals(service.keys.hasAny(), false);
    using other = openStorage(path);
    other.keys.insert(keyOf("a"));
    assertEquals([service.keys.hasAny(), service.keys.find("a")], [true, keyOf("a")]);
    other.keys.revoke("a", new Date());
    assertEquals([service.keys.hasAny(), service.keys.find("a")?.revokedAt === undefined], [false, false]);
  }));
