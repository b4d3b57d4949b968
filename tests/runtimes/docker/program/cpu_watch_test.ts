import { assert, assertEquals } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { watchCpu } from "../../../../src/runtimes/docker/program/cpu_watch.ts";

interface Watched {
  readonly observedMs: number;
  /** When each look was taken, in ms since the beginning. */
  readonly looks: readonly number[];
}

/** Watches until the limit is exceeded; each look is told the next of `usedMs`, the last one for ever. */
async function watch(cpuMs: number, usedMs: readonly (number | null)[]): Promise<Watched> {
  const looks: number[] = [];
  const begin = performance.now();
  const exceeded = Promise.withResolvers<number>();
  const stop = watchCpu({
    limits: { ...DEFAULT_LIMITS, cpuMs, timeoutMs: 10_000 },
    look() {
      looks.push(performance.now() - begin);
      return Promise.resolve(usedMs[Math.min(looks.length, usedMs.length) - 1] ?? null);
    },
    onExceeded: exceeded.resolve,
  });
  const observedMs = await exceeded.promise;
  stop();
  return { observedMs, looks };
}

/** Whether a timer of at least so many ms lies between; timers may come a little early. */
function assertApart(from: number, to: number, ms: number): void {
  assert(to - from >= ms - 2, `${to - from} ms instead of ${ms}`);
}

Deno.test("watchCpu() looks for the first time when the limit can have been reached", async () => {
  const { observedMs, looks: [first = 0, ...others] } = await watch(40, [40]);
  assertEquals([observedMs, others], [40, []]);
  assertApart(0, first, 40);
});

Deno.test("watchCpu() looks again when what is left can have been used, and then tells what it saw", async () => {
  const { observedMs, looks } = await watch(60, [10, 59, 75]);
  assertEquals([observedMs, looks.length], [75, 3]);
  const [first = 0, second = 0, third = 0] = looks;
  assertApart(0, first, 60);
  assertApart(first, second, 50);
  assertApart(second, third, 20); // Of one ms left no look is made earlier than the shortest interval.
});

Deno.test("watchCpu() looks on where it cannot be told", async () => {
  const { observedMs, looks } = await watch(30, [null, 30]);
  assertEquals([observedMs, looks.length], [30, 2]);
  assertApart(looks[0] ?? 0, looks[1] ?? 0, 30);
});

Deno.test("watchCpu() never looks where the deadline comes first", () => {
  for (const [cpuMs, timeoutMs] of [[100, 100], [101, 100]] as const) {
    // A timer that it left would be told by the sanitizer, as nothing stops this watch.
    watchCpu({
      limits: { ...DEFAULT_LIMITS, cpuMs, timeoutMs },
      look: () => Promise.reject(new Error("a look")),
      onExceeded: () => {},
    });
  }
});

Deno.test("watchCpu() leaves no timer when it is stopped, and tells nothing of a look that is under way", async () => {
  const limits = { ...DEFAULT_LIMITS, cpuMs: 10, timeoutMs: 100 };
  watchCpu({ limits, look: () => Promise.resolve(0), onExceeded: () => {} })();
  const looking = Promise.withResolvers<void>();
  const seen = Promise.withResolvers<number>();
  const exceeded: number[] = [];
  const stop = watchCpu({
    limits,
    look() {
      looking.resolve();
      return seen.promise;
    },
    onExceeded: (observedMs) => exceeded.push(observedMs),
  });
  await looking.promise;
  stop();
  seen.resolve(1_000);
  await seen.promise.then(() => {});
  await Promise.resolve();
  stop();
  assertEquals(exceeded, []);
});
