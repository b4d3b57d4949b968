import { assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { Probe } from "../../../src/runtimes/self_test/probe.ts";
import { until } from "../../support/until.ts";

Deno.test("Probe checks once for all callers, and caches the answer", async () => {
  let checks = 0;
  const probe = new Probe(() => {
    checks++;
    return Promise.resolve();
  }, { ttlMs: 60_000, failureTtlMs: 60_000, timeoutMs: 1_000 });
  const answers = await Promise.all([probe.answer(), probe.answer()]);
  assertEquals([answers, await probe.answer(), checks], [
    [{ available: true }, { available: true }],
    { available: true },
    1,
  ]);
});

Deno.test("Probe checks again when an answer has expired, a failure sooner than a success, and later when it took long", async () => {
  const times = { ttlMs: 30_000, failureTtlMs: 1_000, timeoutMs: 60_000 };
  const table: readonly (readonly [tookMs: number, keptMs: number, fails: boolean])[] = [
    [50, 1_000, true],
    [200, 2_000, true],
    [10_000, 5_000, true],
    [200, 30_000, false],
  ];
  for (const [tookMs, keptMs, fails] of table) {
    let [time, checks] = [0, 0];
    const check = () => {
      checks++;
      time += tookMs;
      return fails ? Promise.reject(new Error("not yet")) : Promise.resolve();
    };
    const probe = new Probe(check, { ...times, clock: { elapsed: () => time } });
    const row = `${tookMs} ${fails}`;
    assertEquals((await probe.answer()).available, !fails, row);
    time += keptMs - 1;
    await probe.answer();
    assertEquals([checks, probe.revision], [1, 1], row);
    time += 1;
    assertEquals(probe.revision, undefined, row);
    await probe.answer();
    assertEquals([checks, probe.revision], [2, 2], row);
  }
});

Deno.test("Probe answers with the last result while a check runs", async () => {
  let [time, holds] = [0, true];
  const checks: PromiseWithResolvers<void>[] = [];
  const probe = new Probe(() => {
    const check = Promise.withResolvers<void>();
    checks.push(check);
    return check.promise;
  }, {
    ...{ ttlMs: 30_000, failureTtlMs: 1_000, timeoutMs: 60_000 },
    clock: { elapsed: () => time },
    holdsMeanwhile: () => holds,
  });
  const first = probe.answer(); // There is no answer before the first.
  assertEquals(probe.revision, undefined);
  checks[0]?.resolve();
  assertEquals(await first, { available: true });
  time = 30_000;
  assertEquals([await probe.answer(), await probe.answer(), checks.length], [
    { available: true },
    { available: true },
    2,
  ]);
  holds = false;
  const waiting = probe.answer();
  checks[1]?.reject(new Error("it is gone"));
  assertEquals([await waiting, await probe.answer()].map(({ available }) => available), [false, false]);
  time += 1_000;
  holds = true; // Only an answer that was good holds.
  const again = probe.answer();
  checks[2]?.resolve();
  assertEquals([await again, checks.length], [{ available: true }, 3]);
});

Deno.test("Probe lets an answer that holds wait for its next check, and ends that wait when it is disposed of", async () => {
  let [time, checks] = [0, 0];
  const check = () => Promise.resolve(void checks++);
  const times = { ttlMs: 30_000, failureTtlMs: 1_000, timeoutMs: 1_000 };
  const options = { ...times, clock: { elapsed: () => time }, holdsMeanwhile: () => true };
  const probe = new Probe(check, { ...options, waitsMs: 20 });
  await probe.answer();
  time = 30_000;
  const held = [await probe.answer(), await probe.answer()];
  assertEquals([held, checks, probe.revision], [[{ available: true }, { available: true }], 1, 1]);
  await until(() => probe.revision === 2, "it was checked again");
  assertEquals(checks, 2);
  const ended = new Probe(check, { ...options, waitsMs: 60_000 });
  await ended.answer();
  time = 60_000;
  await ended.answer();
  await ended[Symbol.asyncDispose]();
  assertEquals(checks, 3);
});

Deno.test("Probe passes on the remedy and the time that an error carries", async () => {
  const details = { remedy: "install it", retryAfterMs: 5 };
  const error = new CodeBeakerError("runtime_unavailable", "not there", { details });
  const probe = new Probe(() => Promise.reject(error), { ttlMs: 0, failureTtlMs: 0, timeoutMs: 1_000 });
  assertEquals(await probe.answer(), { available: false, reason: "not there", ...details });
});

Deno.test("Probe aborts a check that hangs", async () => {
  let ended = false;
  const probe = new Probe((signal) => new Promise(() => signal.addEventListener("abort", () => ended = true)), {
    ttlMs: 0,
    failureTtlMs: 0,
    timeoutMs: 10,
  });
  assertEquals([await probe.answer(), ended], [{ available: false, reason: "no answer within 10 ms" }, true]);
});

Deno.test("Probe that is disposed of aborts its check, and waits for the end of that", async () => {
  const ended: string[] = [];
  const probe = new Probe(async (signal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    await new Promise((resolve) => setTimeout(resolve, 10));
    ended.push("its check");
  }, { ttlMs: 1, failureTtlMs: 1, timeoutMs: 60_000 });
  const answer = probe.answer();
  await probe[Symbol.asyncDispose]();
  assertEquals([ended, (await answer).available], [["its check"], false]);
});
