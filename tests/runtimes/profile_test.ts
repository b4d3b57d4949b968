import { assertEquals } from "@std/assert";
import { RuntimeProfile } from "../../src/runtimes/profile.ts";

Deno.test("RuntimeProfile has no figures without samples", () => {
  const none = { p50: null, p95: null };
  assertEquals(new RuntimeProfile().read(), { samples: 0, startupMs: none, memoryMb: none, failures: 0 });
});

Deno.test("RuntimeProfile tells the middle and the tail, and forgets old samples", () => {
  const profile = new RuntimeProfile();
  for (let index = 1; index <= 100; index++) {
    profile.record({ startupMs: index, peakMemoryBytes: index === 1 ? null : 1_048_576 });
  }
  profile.recordFailure();
  assertEquals(profile.read(), {
    samples: 100,
    startupMs: { p50: 50, p95: 95 },
    memoryMb: { p50: 1, p95: 1 },
    failures: 1,
  });
  for (let index = 0; index < 256; index++) profile.record({ startupMs: 7, peakMemoryBytes: null });
  assertEquals(profile.read().startupMs, { p50: 7, p95: 7 });
});
