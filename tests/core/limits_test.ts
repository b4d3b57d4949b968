import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import {
  DEFAULT_LIMITS,
  LIMITS,
  limitsSchema,
  lowerLimits,
  namedLimits,
  resolveLimits,
  withTimeout,
} from "../../src/core/limits.ts";

Deno.test("namedLimits() tells those that a request names, also where they equal the default", () => {
  assertEquals(namedLimits({}), []);
  assertEquals(namedLimits({ memoryMb: DEFAULT_LIMITS.memoryMb, cpuMs: undefined, timeoutMs: 5 }), [
    "timeoutMs",
    "memoryMb",
  ]);
});

Deno.test("resolveLimits() takes 0 as a value", () => {
  assertEquals(resolveLimits({ maxOutputBytes: 0 }).maxOutputBytes, 0);
});

Deno.test("withTimeout() never raises above what is allowed", () => {
  const limits = DEFAULT_LIMITS;
  assertEquals(withTimeout({ limits }, 99_999_999).timeoutMs, limits.timeoutMs);
  assertEquals(withTimeout({ limits }, 5).timeoutMs, 5);
  assertEquals(withTimeout({ limits }, undefined), limits);
  assertEquals(withTimeout({ limits, maxTimeoutMs: 20_000 }, 99_999).timeoutMs, 20_000);
  assertEquals(withTimeout({ limits, maxTimeoutMs: 20_000 }, undefined), limits);
});

Deno.test("lowerLimits() takes what is lower than the session's and refuses what is higher", () => {
  assertEquals(lowerLimits({}, {}), DEFAULT_LIMITS);
  assertEquals(lowerLimits({ memoryMb: 128 }, {}).memoryMb, 128);
  assertEquals(lowerLimits({ memoryMb: 128 }, { memoryMb: 64, timeoutMs: 60_000 }), {
    ...DEFAULT_LIMITS,
    memoryMb: 64,
    timeoutMs: 60_000,
  });
  for (
    const [session, requested] of [
      [{ memoryMb: 128 }, { memoryMb: 129 }],
      [{}, { memoryMb: 257 }],
      [{ timeoutMs: 50 }, { timeoutMs: 51 }],
    ] as const
  ) {
    assertThrows(() => lowerLimits(session, requested), CodeBeakerError, "At most the session's own");
  }
});

Deno.test("limitsSchema keeps every limit between its bounds", () => {
  for (
    const name of ["memoryMb", "cpuMs", "maxOutputBytes", "maxTotalOutputBytes", "maxProcesses", "diskMb"] as const
  ) {
    const { min, max, default: fallback } = LIMITS[name];
    const taken = [min - 1, min, fallback, max, max + 1, Number.NaN, "1"].map((value) =>
      limitsSchema.safeParse({ [name]: value }).success
    );
    assertEquals([name, taken], [name, [false, true, true, true, false, false, false]]);
  }
});
