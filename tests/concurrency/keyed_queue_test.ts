import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { KeyedQueue } from "../../src/concurrency/keyed_queue.ts";

Deno.test("KeyedQueue gives each key one slot at a time, so that no key waits behind all of another", async () => {
  const queue = new KeyedQueue({ maxActive: 2, maxQueuedPerKey: 3, maxQueued: 10 });
  const first = await queue.acquire("a");
  const order: string[] = [];
  const others = ["a1", "a2", "b1"].map(async (name) => {
    using _turn = await queue.acquire(name[0] ?? "");
    order.push(name);
  });
  await others[2];
  assertEquals(order, ["b1"]);
  first[Symbol.dispose]();
  await Promise.all(others);
  assertEquals(order, ["b1", "a1", "a2"]);
});

Deno.test("KeyedQueue throws busy when too many of one key or of all keys wait, and forgets those that left", async () => {
  const queue = new KeyedQueue({ maxActive: 1, maxQueuedPerKey: 2, maxQueued: 3 });
  const leaving = new AbortController();
  const { signal } = leaving;
  const held = await queue.acquire("a");
  const waiting = [queue.acquire("a", { signal }), queue.acquire("a", { signal })];
  await assertRejects(() => queue.acquire("a"), CodeBeakerError, "of the same session");
  waiting.push(queue.acquire("b", { signal }));
  for (const owner of ["a", "b", "c"]) {
    const error = await assertRejects(() => queue.acquire(owner), CodeBeakerError);
    assertEquals([owner, error.code, error.details.retryAfterMs], [owner, "busy", 1_000]);
  }
  leaving.abort();
  for (const turn of waiting) await assertRejects(() => turn, DOMException);
  held[Symbol.dispose]();
  using _turn = await queue.acquire("b");
});

Deno.test("KeyedQueue without bounds runs different keys at the same time", async () => {
  const queue = new KeyedQueue();
  using _a = await queue.acquire("a");
  using _b = await queue.acquire("b");
});
