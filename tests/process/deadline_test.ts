import { assertEquals } from "@std/assert";
import { delay } from "../../src/concurrency/delay.ts";
import { lostMs, startDeadline } from "../../src/process/deadline.ts";

Deno.test("lostMs() counts the time in which others had the cores", () => {
  const wallMs = 1000;
  const cases = [
    { program: "computes alone", times: { runMs: 1000, waitMs: 0 }, lost: 0 },
    { program: "sleeps", times: { runMs: 10, waitMs: 0 }, lost: 0 },
    { program: "shares a core", times: { runMs: 400, waitMs: 600 }, lost: 600 },
    { program: "computes now and then", times: { runMs: 100, waitMs: 200 }, lost: 200 },
    { program: "has eight threads and both cores", times: { runMs: 2000, waitMs: 6000 }, lost: 0 },
    { program: "has eight threads and half of both cores", times: { runMs: 1000, waitMs: 7000 }, lost: 500 },
  ];
  for (const { lost, program, times } of cases) assertEquals(Math.round(lostMs(times, wallMs, 2)), lost, program);
});

/** Starts a deadline of 40 ms, and returns when it has passed, in ms. */
async function passesAfter(coreTimes: (wallMs: number) => { runMs: number; waitMs: number } | undefined) {
  const beganAt = performance.now();
  const passed = Promise.withResolvers<void>();
  using _deadline = startDeadline({
    limitMs: 40,
    coreTimes: () => coreTimes(performance.now() - beganAt),
    onPassed: passed.resolve,
  });
  await passed.promise;
  return performance.now() - beganAt;
}

Deno.test("a program has its time again that others had, and ten times its limit at most", async () => {
  const lostOnce = await passesAfter(() => ({ runMs: 40, waitMs: 30 }));
  assertEquals(lostOnce >= 69, true, `passed after ${lostOnce} ms`);
  const starved = await passesAfter((wallMs) => ({ runMs: 0, waitMs: wallMs }));
  assertEquals(starved >= 399, true, `passed after ${starved} ms`);
});

Deno.test("a program that is gone has time to be noticed", async () => {
  let passed = false;
  const deadline = startDeadline({ limitMs: 1, coreTimes: () => undefined, onPassed: () => passed = true });
  await delay(10);
  deadline[Symbol.dispose]();
  await delay(60);
  assertEquals(passed, false);
});
