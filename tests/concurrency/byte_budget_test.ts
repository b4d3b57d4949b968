import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { ByteBudget } from "../../src/concurrency/byte_budget.ts";

const MEBIBYTE = 1_048_576;

/** Four owners' worth, of which each may have one. */
function openBudget(): ByteBudget {
  return new ByteBudget({ maxBytes: 4 * MEBIBYTE, maxOwnerBytes: MEBIBYTE });
}

function assertBusy(act: () => void): void {
  const error = assertThrows(act, CodeBeakerError);
  assertEquals([error.code, error.details.retryAfterMs], ["busy", 1_000]);
}

Deno.test("ByteBudget holds so much for one owner and so much for all, and gives back what is disposed of", () => {
  const budget = openBudget();
  const leases = ["a", "b", "c", "d"].map((owner) => budget.lease(owner));
  for (const lease of leases) lease.growTo(MEBIBYTE);
  assertBusy(() => budget.lease("a").growTo(100_000));
  assertBusy(() => budget.lease("e").growTo(100_000));
  leases[0]?.[Symbol.dispose]();
  leases[0]?.[Symbol.dispose]();
  assertEquals(budget.heldBytes, 3 * MEBIBYTE);
  budget.lease("e").growTo(MEBIBYTE);
  assertBusy(() => budget.lease("a").growTo(100_000));
});

Deno.test("ByteLease.growTo() grows what is held from small to large, and holds what it held when it cannot", () => {
  const budget = openBudget();
  using lease = budget.lease("a");
  for (const bytes of [10, 5, 65_536, 65_537, MEBIBYTE]) lease.growTo(bytes);
  assertEquals(budget.heldBytes, MEBIBYTE);
  assertEquals(assertThrows(() => lease.growTo(MEBIBYTE + 1), CodeBeakerError).code, "too_large");
  assertEquals(budget.heldBytes, MEBIBYTE);
  lease[Symbol.dispose]();
  assertEquals(budget.heldBytes, 0);
});

Deno.test("ByteLease.growBy() adds to what is held", () => {
  const budget = openBudget();
  using lease = budget.lease("a");
  lease.growTo(10);
  lease.growBy(20);
  assertEquals(budget.heldBytes, 30);
  assertEquals(assertThrows(() => lease.growBy(MEBIBYTE), CodeBeakerError).code, "too_large");
  assertEquals(budget.heldBytes, 30);
});

Deno.test("ByteBudget says that waiting does not help what is more than an owner may hold, and busy to what it does", () => {
  const budget = openBudget();
  using held = budget.lease("a");
  held.growTo(MEBIBYTE);
  assertBusy(() => budget.lease("a").growTo(MEBIBYTE));
  const { code, details } = assertThrows(() => budget.lease("b").growTo(MEBIBYTE + 1), CodeBeakerError);
  assertEquals([code, details.retryAfterMs], ["too_large", undefined]);
});

Deno.test("ByteBudget keeps room for what is small, which has a bound of its own", () => {
  const budget = openBudget();
  budget.lease("a").growTo(MEBIBYTE);
  for (let count = 0; count < 4; count++) budget.lease("a").growTo(65_536);
  assertBusy(() => budget.lease("a").growTo(1));
  budget.lease("b").growTo(1);
});

Deno.test("ByteLease.keepUntil() keeps what is held until all of it has settled, in whatever way", async () => {
  const budget = openBudget();
  const lease = budget.lease("a");
  lease.growTo(1_000);
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  lease.keepUntil(one.promise);
  lease.keepUntil(other.promise);
  lease[Symbol.dispose]();
  one.resolve();
  await Promise.allSettled([one.promise]);
  assertEquals(budget.heldBytes, 1_000);
  other.reject(new Error("It failed"));
  await Promise.allSettled([other.promise]);
  await Promise.resolve();
  assertEquals(budget.heldBytes, 0);
});
