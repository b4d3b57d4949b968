import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Quotas } from "../../src/access/quotas.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { LOCAL_USER, type Principal, type Quota } from "../../src/core/principal.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeUsageStore } from "../support/fake_keys.ts";

const SOON = { timeoutMs: 5_000 };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

function openQuotas() {
  const clock = new FakeClock();
  const usage = new FakeUsageStore();
  return { clock, usage, quotas: new Quotas({ usage, clock }) };
}

function tenant(name: string, quota: Quota): Principal {
  return { ...LOCAL_USER, tenant: name, name, quota };
}

function refusedFor(quotas: Quotas, principal: Principal): number | undefined {
  try {
    quotas.start(principal);
    return undefined;
  } catch (error) {
    assert(error instanceof CodeBeakerError && error.code === "busy", String(error));
    return error.details.retryAfterMs;
  }
}

Deno.test("Quotas lets a tenant start its programs of a minute at once, and says exactly when there is one more", () => {
  for (const perMinute of [1, 7, 60, 1_000]) {
    const { clock, quotas } = openQuotas();
    const ci = tenant("ci", { executionsPerMinute: perMinute });
    for (let count = 0; count < perMinute; count++) assertEquals(refusedFor(quotas, ci), undefined);
    for (let count = 0; count < 5; count++) {
      const retryAfterMs = refusedFor(quotas, ci) ?? 0;
      assert(retryAfterMs > 0 && retryAfterMs <= Math.ceil(MINUTE_MS / perMinute));
      clock.advance(retryAfterMs - 1);
      assertEquals([perMinute, refusedFor(quotas, ci)], [perMinute, 1]);
      clock.advance(1);
      assertEquals([perMinute, refusedFor(quotas, ci)], [perMinute, undefined]);
    }
  }
});

Deno.test("Quotas gives an idle tenant no more than the starts of one minute, also when the clock is put back", () => {
  const { clock, quotas } = openQuotas();
  const ci = tenant("ci", { executionsPerMinute: 2 });
  clock.advance(DAY_MS);
  assertEquals([1, 2, 3].map(() => refusedFor(quotas, ci)), [undefined, undefined, 30_000]);
  clock.set(-MINUTE_MS);
  assertEquals(refusedFor(quotas, ci), 30_000);
  clock.advance(30_000);
  assertEquals([1, 2].map(() => refusedFor(quotas, ci)), [undefined, 30_000]);
});

Deno.test("Quotas names the quota and the key when it refuses, and no other tenant is refused", () => {
  const { quotas } = openQuotas();
  quotas.start(tenant("ci", { executionsPerMinute: 1 }));
  const error = assertThrows(() => quotas.start(tenant("ci", { executionsPerMinute: 1 })), CodeBeakerError);
  for (const text of ['"ci"', "executionsPerMinute", "1 programs a minute"]) assert(error.message.includes(text));
  quotas.start(tenant("other", { executionsPerMinute: 1 }));
});

Deno.test("Quotas hands a tenant its places in the order in which they were asked for", async () => {
  const { quotas } = openQuotas();
  const ci = tenant("ci", { maxConcurrent: 1 });
  const first = await quotas.enter(ci, SOON);
  const order: number[] = [];
  const others = [1, 2, 3].map(async (number) => {
    using _place = await quotas.enter(ci, SOON);
    order.push(number);
  });
  using _other = await quotas.enter(tenant("other", { maxConcurrent: 1 }), SOON);
  assertEquals(order, []);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await Promise.all(others);
  assertEquals(order, [1, 2, 3]);
});

Deno.test("Quotas tells busy when no place came free in time, and lets an aborted waiter go with its reason", async () => {
  const { quotas } = openQuotas();
  const ci = tenant("ci", { maxConcurrent: 1 });
  using held = await quotas.enter(ci, SOON);
  const error = await assertRejects(() => quotas.enter(ci, { timeoutMs: 5 }), CodeBeakerError);
  assertEquals([error.code, error.details.retryAfterMs], ["busy", 1_000]);
  assert(error.message.includes("maxConcurrent") && error.message.includes('"ci"'));
  const abort = new AbortController();
  const waiting = quotas.enter(ci, { ...SOON, signal: abort.signal });
  abort.abort(new Error("gone"));
  await assertRejects(() => waiting, Error, "gone");
  held[Symbol.dispose]();
  (await quotas.enter(ci, { timeoutMs: 5 }))[Symbol.dispose]();
});

Deno.test("Quotas lets no more than a hundred programs of a tenant wait", async () => {
  const { quotas } = openQuotas();
  const ci = tenant("ci", { maxConcurrent: 1 });
  const first = await quotas.enter(ci, SOON);
  const waiting = Array.from({ length: 100 }, () => quotas.enter(ci, SOON));
  const error = await assertRejects(() => quotas.enter(ci, SOON), CodeBeakerError, "maxConcurrent");
  assertEquals([error.code, refusedFor(quotas, ci)], ["busy", 1_000]);
  first[Symbol.dispose]();
  for (const entering of waiting) (await entering)[Symbol.dispose]();
  assertEquals(refusedFor(quotas, ci), undefined);
});

Deno.test("Quotas refuses a tenant whose CPU time of the day is used up until midnight (UTC), and not a ms longer", () => {
  const { clock, quotas } = openQuotas();
  const ci = tenant("ci", { cpuSecondsPerDay: 2 });
  clock.advance(DAY_MS / 4);
  quotas.charge(ci, 1_999.5);
  assertEquals(refusedFor(quotas, ci), undefined);
  quotas.charge(ci, 0.5);
  assertEquals(refusedFor(quotas, ci), DAY_MS * 3 / 4);
  assertEquals(refusedFor(quotas, tenant("other", { cpuSecondsPerDay: 2 })), undefined);
  clock.advance(DAY_MS * 3 / 4 - 1);
  assertEquals(refusedFor(quotas, ci), 1);
  clock.advance(1);
  assertEquals(refusedFor(quotas, ci), undefined);
});

Deno.test("Quotas takes no start off the rate of a tenant whose budget is used up", () => {
  const { clock, quotas } = openQuotas();
  const ci = tenant("ci", { cpuSecondsPerDay: 1, executionsPerMinute: 1 });
  clock.advance(DAY_MS - 10);
  quotas.charge(ci, 1_000);
  assertEquals([1, 2].map(() => refusedFor(quotas, ci)), [10, 10]);
  clock.advance(10);
  assertEquals(refusedFor(quotas, ci), undefined);
});

Deno.test("Quotas looks at the budget again when a place is there: what waited finds it used up, and keeps no place", async () => {
  const { clock, quotas } = openQuotas();
  const ci = tenant("ci", { cpuSecondsPerDay: 1, maxConcurrent: 1 });
  const first = await quotas.enter(ci, SOON);
  const waiting = [1, 2].map(() => assertRejects(() => quotas.enter(ci, SOON), CodeBeakerError, "cpuSecondsPerDay"));
  quotas.charge(ci, 1_000);
  first[Symbol.dispose]();
  for (const { details } of await Promise.all(waiting)) assertEquals(details.retryAfterMs, DAY_MS);
  clock.advance(DAY_MS);
  (await quotas.enter(ci, { timeoutMs: 5 }))[Symbol.dispose]();
});

Deno.test("Quotas lets nothing in that was taken in before the budget was used up, however many places there are", async () => {
  const { quotas } = openQuotas();
  const ci = tenant("ci", { cpuSecondsPerDay: 1 });
  quotas.start(ci);
  quotas.charge(ci, 1_000);
  const { details } = await assertRejects(() => quotas.enter(ci, SOON), CodeBeakerError, "cpuSecondsPerDay");
  assertEquals(details.retryAfterMs, DAY_MS);
});

Deno.test("Quotas costs a tenant without quota nothing, and keeps nothing of it in mind", async () => {
  const { quotas, usage } = openQuotas();
  for (let count = 0; count < 10; count++) {
    quotas.start(LOCAL_USER);
    using _place = await quotas.enter(LOCAL_USER, SOON);
    quotas.charge(LOCAL_USER, 10);
  }
  assertEquals([quotas.size, usage.calls], [0, 0]);
});

Deno.test("Quotas forgets tenants that are idle, and none that runs a program, waits or has starts to regain", async () => {
  const { clock, quotas } = openQuotas();
  for (let count = 0; count < 1_000; count++) {
    quotas.start(tenant(`t${count}`, { executionsPerMinute: 10 }));
    (await quotas.enter(tenant(`u${count}`, { maxConcurrent: 1 }), SOON))[Symbol.dispose]();
  }
  assertEquals(quotas.size, 2_000);
  const runner = tenant("runner", { maxConcurrent: 1 });
  using _held = await quotas.enter(runner, SOON);
  clock.advance(MINUTE_MS);
  const busy = tenant("busy", { executionsPerMinute: 1 });
  quotas.start(busy);
  assertEquals(quotas.size, 2);
  clock.advance(MINUTE_MS - 1);
  assertEquals(refusedFor(quotas, busy), 1);
  await assertRejects(() => quotas.enter(runner, { timeoutMs: 5 }), CodeBeakerError, "maxConcurrent");
});

Deno.test("Quotas holds a tenant to a quota that the operator has changed", async () => {
  const { quotas } = openQuotas();
  using _old = await quotas.enter(tenant("ci", { maxConcurrent: 1 }), SOON);
  using _new = await quotas.enter(tenant("ci", { maxConcurrent: 2 }), { timeoutMs: 5 });
  using _more = await quotas.enter(tenant("ci", { maxConcurrent: 2 }), { timeoutMs: 5 });
  await assertRejects(() => quotas.enter(tenant("ci", { maxConcurrent: 2 }), { timeoutMs: 5 }), CodeBeakerError);
});
