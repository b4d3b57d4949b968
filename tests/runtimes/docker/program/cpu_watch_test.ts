import { assert, assertEquals } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { watchCpu } from "../../../../src/runtimes/docker/program/cpu_watch.ts";

interface Watched {
  readonly observedMs: number;
  /** The time of each sample, in ms since the beginning. */
  readonly samples: readonly number[];
}

/** Watches until the limit is exceeded; each sample is the next of `usedMs`, and then the last one again. */
async function watch(cpuMs: number, usedMs: readonly (number | null)[]): Promise<Watched> {
  const samples: number[] = [];
  const begin = performance.now();
  const exceeded = Promise.withResolvers<number>();
  const stop = watchCpu({
    limits: { ...DEFAULT_LIMITS, cpuMs, timeoutMs: 10_000 },
    sample() {
      samples.push(performance.now() - begin);
      return Promise.resolve(usedMs[Math.min(samples.length, usedMs.length) - 1] ?? null);
    },
    onExceeded: exceeded.resolve,
  });
  const observedMs = await exceeded.promise;
  stop();
  return { observedMs, samples };
}

/** Whether a timer of at least so many ms lies between; timers may come a little early. */
function assertApart(from: number, to: number, ms: number): void {
  assert(to - from >= ms - 2, `${to - from} ms instead of ${ms}`);
}

Deno.test("watchCpu() samples first when the limit may have been reached", async () => {
  const { observedMs, samples: [first = 0, ...others] } = await watch(40, [40]);
  assertEquals([observedMs, others], [40, []]);
  assertApart(0, first, 40);
});

Deno.test("watchCpu() samples again when the rest may be used, and reports the observed time", async () => {
  const { observedMs, samples } = await watch(60, [10, 59, 75]);
  assertEquals([observedMs, samples.length], [75, 3]);
  const [first = 0, second = 0, third = 0] = samples;
  assertApart(0, first, 60);
  assertApart(first, second, 50);
  assertApart(second, third, 20); // One ms is left, but the shortest interval is 20 ms.
});

Deno.test("watchCpu() goes on where the time is not known", async () => {
  const { observedMs, samples } = await watch(30, [null, 30]);
  assertEquals([observedMs, samples.length], [30, 2]);
  assertApart(samples[0] ?? 0, samples[1] ?? 0, 30);
});

Deno.test("watchCpu() never samples where the deadline comes first", () => {
  for (const [cpuMs, timeoutMs] of [[100, 100], [101, 100]] as const) {
    // The sanitizer would report a timer, as nothing stops this watch.
    watchCpu({
      limits: { ...DEFAULT_LIMITS, cpuMs, timeoutMs },
      sample: () => Promise.reject(new Error("a sample")),
      onExceeded: () => {},
    });
  }
});

Deno.test("watchCpu() leaves no timer when it is stopped, and reports no sample that is under way", async () => {
  const limits = { ...DEFAULT_LIMITS, cpuMs: 10, timeoutMs: 100 };
  watchCpu({ limits, sample: () => Promise.resolve(0), onExceeded: () => {} })();
  const sampling = Promise.withResolvers<void>();
  const seen = Promise.withResolvers<number>();
  const exceeded: number[] = [];
  const stop = watchCpu({
    limits,
    sample() {
      sampling.resolve();
      return seen.promise;
    },
    onExceeded: (observedMs) => exceeded.push(observedMs),
  });
  await sampling.promise;
  stop();
  seen.resolve(1_000);
  await seen.promise.then(() => {});
  await Promise.resolve();
  stop();
  assertEquals(exceeded, []);
});
