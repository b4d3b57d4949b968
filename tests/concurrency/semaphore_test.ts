import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { Semaphore } from "../../src/concurrency/semaphore.ts";

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

Deno.test("Semaphore hands out several permits at once, and nobody who asks for few overtakes who asks for many", async () => {
  const semaphore = new Semaphore(3);
  const [first, second] = [await semaphore.acquire({ permits: 2 }), await semaphore.acquire()];
  const order: string[] = [];
  const many = semaphore.acquire({ permits: 3 }).then((held) => {
    order.push("many");
    return held;
  });
  const few = semaphore.acquire().then((held) => {
    order.push("few");
    return held;
  });
  first[Symbol.dispose]();
  assertEquals([semaphore.tryAcquire(1), order], [undefined, []]);
  second[Symbol.dispose]();
  (await many)[Symbol.dispose]();
  (await few)[Symbol.dispose]();
  assertEquals(order, ["many", "few"]);
  using all = semaphore.tryAcquire(3);
  assertEquals([all !== undefined, semaphore.tryAcquire(1)], [true, undefined]);
});

Deno.test("Semaphore lets those behind pass when who asked for many gives up", async () => {
  const semaphore = new Semaphore(2);
  using _held = await semaphore.acquire();
  const impatient = semaphore.acquire({ permits: 2, timeoutMs: 5 });
  const behind = semaphore.acquire();
  await assertRejects(() => impatient, CodeBeakerError, "waited 5 ms");
  using _behind = await behind;
});
