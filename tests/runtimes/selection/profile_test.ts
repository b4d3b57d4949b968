import { assertEquals } from "@std/assert";
import { MEBIBYTE } from "../../../src/core/limits.ts";
import { ENOUGH_SAMPLES, RuntimeProfile, type Sample } from "../../../src/runtimes/selection/profile.ts";

const MINUTE_MS = 60_000;
const NONE = { p50: null, p95: null };

function sample(fields: Partial<Sample> = {}): Sample {
  return { language: "typescript", path: "cold", startupMs: 20, peakMemoryBytes: 10 * MEBIBYTE, ...fields };
}

/** A profile with a clock that a test moves. */
function profileWithClock() {
  let now = 0;
  const profile = new RuntimeProfile(() => now);
  const record = (times: number, fields: Partial<Sample> = {}) => {
    for (let round = 0; round < times; round++) profile.record(sample(fields));
  };
  return { profile, record, advance: (ms: number) => now += ms };
}

const TYPESCRIPT = { language: "typescript", memoryOverheadMb: 30 };

Deno.test("RuntimeProfile has no figures without samples", () => {
  const profile = new RuntimeProfile();
  assertEquals(profile.read(), { samples: 0, startupMs: NONE, memoryMb: NONE, failures: 0 });
  assertEquals(profile.figures(TYPESCRIPT), undefined);
});

Deno.test("RuntimeProfile tells the middle and the tail, of each language and path and of all", () => {
  const { profile, record } = profileWithClock();
  for (let index = 1; index <= 100; index++) {
    record(1, { startupMs: index, peakMemoryBytes: index === 1 ? null : MEBIBYTE });
  }
  record(1, { path: "warm", startupMs: 0.5 });
  profile.recordFailure();
  const { paths, ...all } = profile.read();
  assertEquals(all, {
    samples: 101,
    startupMs: { p50: 50, p95: 95 },
    memoryMb: { p50: 1, p95: 1 },
    failures: 1,
  });
  assertEquals(paths, [
    {
      language: "typescript",
      path: "cold",
      samples: 100,
      startupMs: { p50: 50, p95: 95 },
      memoryMb: { p50: 1, p95: 1 },
    },
    {
      language: "typescript",
      path: "warm",
      samples: 1,
      startupMs: { p50: 0.5, p95: 0.5 },
      memoryMb: { p50: 10, p95: 10 },
    },
  ]);
});

Deno.test("RuntimeProfile forgets what no longer fits into its window", () => {
  const { profile, record } = profileWithClock();
  record(200, { startupMs: 100 });
  record(128, { startupMs: 7 });
  assertEquals([profile.read().samples, profile.read().startupMs], [328, { p50: 7, p95: 7 }]);
});

Deno.test("RuntimeProfile lets a sample count less the older it is, and no time that passes by itself change a figure", () => {
  const { profile, record, advance } = profileWithClock();
  record(40, { startupMs: 200 });
  record(1, { startupMs: 20 });
  assertEquals(profile.figures(TYPESCRIPT)?.startupMs, 200);
  advance(20 * MINUTE_MS);
  assertEquals(profile.figures(TYPESCRIPT)?.startupMs, 200);
  record(9, { startupMs: 20 });
  assertEquals(profile.figures(TYPESCRIPT)?.startupMs, 200); // 40 at a quarter against 9.25.
  record(4, { startupMs: 20 }); // More than one in sixteen is newer now.
  assertEquals([profile.figures(TYPESCRIPT)?.startupMs, profile.read().startupMs.p95], [20, 200]);
});

Deno.test("RuntimeProfile tells figures in whole ms and MB, from the sample on that makes enough", () => {
  const { profile, record } = profileWithClock();
  record(ENOUGH_SAMPLES - 1, { startupMs: 12.6, peakMemoryBytes: 9.4 * MEBIBYTE });
  assertEquals(profile.figures(TYPESCRIPT), undefined);
  record(1, { startupMs: 12.6, peakMemoryBytes: 9.4 * MEBIBYTE });
  assertEquals(profile.figures(TYPESCRIPT), { path: "cold", startupMs: 13, memoryMb: 9 });
  assertEquals(profile.figures({ ...TYPESCRIPT, language: "python" }), undefined);
});

Deno.test("RuntimeProfile tells no figure where memory cannot be seen", () => {
  const { profile, record } = profileWithClock();
  record(ENOUGH_SAMPLES, { peakMemoryBytes: null });
  assertEquals(profile.figures(TYPESCRIPT), undefined);
});

Deno.test("RuntimeProfile does not take the appetite of programs for the runtime's", () => {
  const { profile, record } = profileWithClock();
  record(ENOUGH_SAMPLES);
  record(100, { startupMs: 30, peakMemoryBytes: 200 * MEBIBYTE });
  assertEquals(profile.figures(TYPESCRIPT), { path: "cold", startupMs: 30, memoryMb: 10 });
  assertEquals(profile.read().memoryMb.p50, 200);
});

Deno.test("RuntimeProfile expects the path that most starts took of late, unless it is told, and enough of it", () => {
  const { profile, record } = profileWithClock();
  record(ENOUGH_SAMPLES);
  record(ENOUGH_SAMPLES - 1, { path: "warm", startupMs: 1 });
  assertEquals(profile.figures(TYPESCRIPT)?.path, "cold");
  record(1, { path: "warm", startupMs: 1 });
  assertEquals(profile.figures(TYPESCRIPT), { path: "warm", startupMs: 1, memoryMb: 10 });
  assertEquals(profile.figures({ ...TYPESCRIPT, path: "cold" })?.startupMs, 20);
  record(1);
  assertEquals(profile.figures(TYPESCRIPT)?.path, "warm");
  record(3);
  assertEquals(profile.figures(TYPESCRIPT)?.path, "cold");
});

Deno.test("RuntimeProfile: its revision grows with new figures that are read, and when the expected path changes", () => {
  const { profile, record } = profileWithClock();
  record(ENOUGH_SAMPLES * 10);
  const { revision } = profile;
  record(1); // The figures were not read after the last revision.
  assertEquals(profile.revision, revision);
  profile.figures(TYPESCRIPT);
  record(ENOUGH_SAMPLES * 10);
  assertEquals(profile.revision, revision + 1);
  record(ENOUGH_SAMPLES * 10, { path: "warm" });
  assertEquals(profile.revision, revision + 3); // The path's own figures, and the path.
});
