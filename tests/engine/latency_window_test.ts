import { assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { LOCAL_USER } from "../../src/core/principal.ts";
import { LatencyWindow, WINDOW_MS } from "../../src/engine/latency_window.ts";
import type { EndedExecution } from "../../src/engine/observer.ts";
import { fakeExecution } from "../support/fake_ports.ts";

/** A full step, in ms since 1970. */
const AT = Date.parse("2026-11-29T22:00:00.000Z");
const NOTHING = { p50: null, p95: null };

function ended(runtime: string, endedAt: number, wallMs: number): EndedExecution {
  const result = fakeExecution({
    runtime,
    usage: { wallMs, startupMs: wallMs / 10, cpuMs: null, peakMemoryBytes: null },
  });
  return {
    caller: { principal: LOCAL_USER },
    id: "exec_1",
    language: "some",
    floor: 0,
    result,
    endedAt,
    queuedMs: 0,
    source: {},
  };
}

Deno.test("LatencyWindow has the median and the tail of each runtime, and of each step in which programs ended", () => {
  const window = new LatencyWindow();
  for (let wallMs = 1; wallMs <= 100; wallMs++) window.executionEnded(ended("first", AT, wallMs * 10));
  window.executionEnded(ended("first", AT + 25_000, 2_000));
  window.executionEnded(ended("second", AT + 9_999, 5));
  window.executionEnded(ended("cells", AT, 0));
  assertEquals(window.read("first", AT + 30_000), {
    executions: 101,
    startupMs: { p50: 51, p95: 96 },
    wallMs: { p50: 510, p95: 960 },
    steps: [
      {
        at: "2026-11-29T22:00:00.000Z",
        executions: 100,
        startupMs: { p50: 50, p95: 95 },
        wallMs: { p50: 500, p95: 950 },
      },
      {
        at: "2026-11-29T22:00:20.000Z",
        executions: 1,
        startupMs: { p50: 200, p95: 200 },
        wallMs: { p50: 2_000, p95: 2_000 },
      },
    ],
  });
  assertEquals(window.read("second", AT + 30_000).executions, 1);
  const { executions, startupMs } = window.read("cells", AT + 30_000); // A cell of a context starts nothing.
  assertEquals([executions, startupMs], [1, NOTHING]);
  assertEquals(window.read("third", AT + 30_000), {
    executions: 0,
    startupMs: NOTHING,
    wallMs: NOTHING,
    steps: [],
  });
});

Deno.test("LatencyWindow forgets what is old, and the oldest of many; failures of the service are not in it", () => {
  const window = new LatencyWindow();
  window.executionEnded(ended("first", AT, 1));
  window.executionEnded(ended("first", AT + 1, 2));
  window.executionEnded({ ...ended("first", AT, 1), result: new CodeBeakerError("busy", "Cannot run now") });
  assertEquals(window.read("first", AT + WINDOW_MS).wallMs, { p50: 2, p95: 2 });
  for (let index = 0; index < 10_000; index++) window.executionEnded(ended("first", AT, 3));
  window.executionEnded(ended("first", AT, 4));
  assertEquals(window.read("first", AT).executions, 4_096);
});
