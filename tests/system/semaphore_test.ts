import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { Semaphore } from "../../src/system/semaphore.ts";

const SOON = { timeoutMs: 5_000 };

Deno.test("Semaphore hands out permits in the order in which they were asked for", async () => {
  const semaphore = new Semaphore(1);
  const first = await semaphore.acquire(SOON);
  const order: number[] = [];
  const others = [1, 2, 3].map(async (number) => {
    using _permit = await semaphore.acquire(SOON);
    order.push(number);
  });
  assertEquals(semaphore.waiting, 3);
  first[Symbol.dispose]();
  await Promise.all(others);
  assertEquals([order, semaphore.waiting], [[1, 2, 3], 0]);
});

Deno.test("Semaphore tells busy when no permit came free in time, and takes the waiter out of the queue", async () => {
  const semaphore = new Semaphore(1);
  using _held = await semaphore.acquire(SOON);
  const error = await assertRejects(() => semaphore.acquire({ timeoutMs: 5 }), CodeBeakerError);
  assertEquals([error.code, error.details.retryAfterMs, semaphore.waiting], ["busy", 1_000, 0]);
});

Deno.test("Semaphore lets an aborted waiter go, and loses no permit", async () => {
  const semaphore = new Semaphore(1);
  const held = await semaphore.acquire(SOON);
  const abort = new AbortController();
  const waiting = semaphore.acquire({ ...SOON, signal: abort.signal });
  abort.abort(new Error("gone"));
  await assertRejects(() => waiting, Error, "gone");
  await assertRejects(() => semaphore.acquire({ ...SOON, signal: abort.signal }), Error, "gone");
  held[Symbol.dispose]();
  (await semaphore.acquire({ timeoutMs: 5 }))[Symbol.dispose]();
});

Deno.test("Semaphore counts a permit that is disposed of twice once", async () => {
  const semaphore = new Semaphore(1);
  const permit = await semaphore.acquire(SOON);
  permit[Symbol.dispose]();
  permit[Symbol.dispose]();
  using _one = await semaphore.acquire(SOON);
  await assertRejects(() => semaphore.acquire({ timeoutMs: 5 }), CodeBeakerError);
});
