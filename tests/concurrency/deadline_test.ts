import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay, settledWithin } from "../../src/concurrency/delay.ts";
import { withDeadline } from "../../src/concurrency/deadline.ts";

const A_DAY_MS = 86_400_000;
const never = () => new Promise<never>(() => {});

Deno.test("withDeadline() gives what the work gives in time, and its error", async () => {
  assertEquals(await withDeadline(() => Promise.resolve(7), { timeoutMs: 10_000 }), 7);
  await assertRejects(() => withDeadline(() => Promise.reject(new Error("no")), { timeoutMs: 10_000 }), Error, "no");
});

Deno.test("withDeadline() rejects after its time and aborts the work's signal with the same error", async () => {
  let given: AbortSignal | undefined;
  const work = (signal: AbortSignal) => {
    given = signal;
    return never();
  };
  await assertRejects(() => withDeadline(work, { timeoutMs: 5 }), Error, "no answer within 5 ms");
  assert(given?.aborted && given.reason instanceof Error);
  const toError = () => new TypeError("late");
  await assertRejects(() => withDeadline(never, { timeoutMs: 5, toError }), TypeError, "late");
});

Deno.test("withDeadline() rejects with the reason of a signal that is aborted first, before or meanwhile", async () => {
  const early = AbortSignal.abort(new Error("early"));
  await assertRejects(() => withDeadline(never, { timeoutMs: 10_000, signal: early }), Error, "early");
  const later = new AbortController();
  const waited = assertRejects(() => withDeadline(never, { timeoutMs: 10_000, signal: later.signal }), Error, "later");
  later.abort(new Error("later"));
  await waited;
});

Deno.test("settledWithin() returns when the work settles in any way, its time is over, or its signal aborts", async () => {
  // A test that waited for a day would be ended.
  await settledWithin(Promise.resolve(), A_DAY_MS);
  await settledWithin(Promise.reject(new Error("no")), A_DAY_MS);
  await settledWithin(never(), 5);
  await settledWithin(never(), A_DAY_MS, { signal: AbortSignal.abort() });
  const late = delay(20).then(() => Promise.reject(new Error("nobody waits for it")));
  await settledWithin(late, 1);
  await delay(40); // An unhandled rejection would fail this test.
});
