import { assert, assertEquals } from "@std/assert";
import { delay } from "../../../../src/concurrency/delay.ts";
import { clearDeadline, setDeadline } from "../../../../src/runtimes/interpreters/ecmascript/deadline.js";

/** Sets the deadline. Settles when it passes, with the time until then in ms. */
function passes(delayMs: number): Promise<number> {
  const setAt = performance.now();
  return new Promise((resolve) => setDeadline(delayMs, () => resolve(performance.now() - setAt)));
}

Deno.test("setDeadline() passes after its own time, be it later or earlier than the one before", async () => {
  setDeadline(1, () => {});
  clearDeadline();
  assert(await passes(30) >= 29);
  setDeadline(60_000, () => {});
  await passes(1); // Else the test hangs.
});

Deno.test("clearDeadline() keeps the deadline from passing", async () => {
  let hasPassed = false;
  setDeadline(1, () => hasPassed = true);
  clearDeadline();
  await delay(20);
  assertEquals(hasPassed, false);
});
