import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { OwnerTurns } from "../../src/concurrency/owner_turns.ts";

Deno.test("OwnerTurns gives each owner one turn at a time, so that another does not wait behind all of them", async () => {
  const turns = new OwnerTurns({ max: 2, maxOwnWaiting: 3, maxWaiting: 10 });
  const first = await turns.take("a");
  const order: string[] = [];
  const others = ["a1", "a2", "b1"].map(async (name) => {
    using _turn = await turns.take(name[0] ?? "");
    order.push(name);
  });
  await others[2];
  assertEquals(order, ["b1"]);
  first[Symbol.dispose]();
  await Promise.all(others);
  assertEquals(order, ["b1", "a1", "a2"]);
});

Deno.test("OwnerTurns tells busy when too many of one owner or of all wait, and forgets those that left", async () => {
  const turns = new OwnerTurns({ max: 1, maxOwnWaiting: 2, maxWaiting: 3 });
  const leaving = new AbortController();
  const { signal } = leaving;
  const held = await turns.take("a");
  const waiting = [turns.take("a", { signal }), turns.take("a", { signal })];
  await assertRejects(() => turns.take("a"), CodeBeakerError, "of the same session");
  waiting.push(turns.take("b", { signal }));
  for (const owner of ["a", "b", "c"]) {
    const error = await assertRejects(() => turns.take(owner), CodeBeakerError);
    assertEquals([owner, error.code, error.details.retryAfterMs], [owner, "busy", 1_000]);
  }
  leaving.abort();
  for (const turn of waiting) await assertRejects(() => turn, DOMException);
  held[Symbol.dispose]();
  using _turn = await turns.take("b");
});
