import { assert, assertEquals } from "@std/assert";
import { delay } from "../../src/concurrency/delay.ts";
import { ReusedTimer } from "../../src/concurrency/reused_timer.ts";

/** A timer, and a promise of the moment at which it fires next. */
function makeTimer() {
  let fired = Promise.withResolvers<number>();
  const timer = new ReusedTimer(() => fired.resolve(performance.now()));
  const next = () => {
    fired = Promise.withResolvers();
    return fired.promise;
  };
  return { timer, next };
}

Deno.test("ReusedTimer fires at the time that was set last, be it later or earlier than the one before", async () => {
  const { next, timer } = makeTimer();
  using _timer = timer;
  const later = next();
  timer.set(1);
  const setAt = performance.now();
  timer.set(30);
  assert(await later >= setAt + 29);
  const earlier = next();
  timer.set(3_600_000);
  timer.set(1);
  await earlier; // Else the test hangs.
});

Deno.test("ReusedTimer that is cleared does not fire, and fires no earlier when it is set again", async () => {
  const { next, timer } = makeTimer();
  using _timer = timer;
  let fired = 0;
  next().then(() => fired++);
  timer.set(1);
  timer.clear();
  await delay(20);
  assertEquals(fired, 0);
  timer.set(1);
  timer.clear();
  const again = next();
  const setAt = performance.now();
  timer.set(30);
  assert(await again >= setAt + 29);
});

Deno.test("ReusedTimer leaves no timer behind when it is disposed of, set or cleared", () => {
  for (const isCleared of [false, true]) {
    const { timer } = makeTimer();
    timer.set(3_600_000);
    if (isCleared) timer.clear();
    timer[Symbol.dispose]();
  }
});
