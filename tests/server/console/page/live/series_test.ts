import { assertEquals } from "@std/assert";
import { type Activity, toLines } from "../../../../../src/server/console/page/live/series.ts";

Deno.test("toLines() lays all runtimes that ran on one axis, with gaps where nothing ended", () => {
  const begin = Date.parse("2026-11-29T22:00:00.000Z");
  const step = (seconds: number, p50: number) => ({
    at: new Date(begin + seconds * 1_000).toISOString(),
    executions: 1,
    startupMs: { p50, p95: 2 * p50 },
    wallMs: { p50: 9, p95: 9 },
  });
  const none = { p50: null, p95: null };
  const runtime = (name: string, steps: Activity["runtimes"][number]["steps"]) => ({
    runtime: name,
    executions: steps.length,
    startupMs: none,
    wallMs: none,
    steps,
  });
  const activity: Activity = {
    startedAt: new Date(begin).toISOString(),
    windowMs: 30_000,
    stepMs: 10_000,
    runtimes: [runtime("idle", []), runtime("first", [step(0, 1), step(20, 3)]), runtime("second", [step(-10, 5)])],
  };
  const { series, times } = toLines(activity, "startupMs", begin + 25_000);
  assertEquals(times, [0, 10, 20].map((seconds) => begin / 1_000 + seconds));
  assertEquals(series, [
    { runtime: "first", color: 1, share: "p50", values: [1, null, 3] },
    { runtime: "first", color: 1, share: "p95", values: [2, null, 6] },
    { runtime: "second", color: 2, share: "p50", values: [null, null, null] }, // Its step is too old by now.
    { runtime: "second", color: 2, share: "p95", values: [null, null, null] },
  ]);
});
