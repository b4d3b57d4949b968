import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import {
  DEFAULT_LIMITS,
  type LimitName,
  LIMITS,
  limitsSchema,
  lowerLimits,
  namedLimits,
  type RequestedLimits,
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

Deno.test("lowerLimits() takes what is lower than the session's, and refuses what is higher or would not hold", () => {
  const enforced = Object.keys(LIMITS) as LimitName[];
  assertEquals(lowerLimits({ named: {}, enforced: [] }, {}), DEFAULT_LIMITS);
  assertEquals(lowerLimits({ named: { memoryMb: 128 }, enforced }, {}).memoryMb, 128);
  const given = { memoryMb: 64, timeoutMs: 60_000, diskMb: DEFAULT_LIMITS.diskMb };
  assertEquals(lowerLimits({ named: { memoryMb: 128 }, enforced }, given), { ...DEFAULT_LIMITS, ...given });
  const table: [RequestedLimits, RequestedLimits, string][] = [
    [
      { memoryMb: 128 },
      { memoryMb: 129 },
      "limits.memoryMb is at most the session's 128: open the session with a larger limits.memoryMb",
    ],
    [{}, { memoryMb: 257 }, "limits.memoryMb is at most the session's 256"],
    [
      { timeoutMs: 50 },
      { timeoutMs: 51 },
      "timeoutMs is at most the session's 50: open the session with a larger timeoutMs",
    ],
    [{ diskMb: 8 }, { diskMb: 7 }, "The workspace is the session's"],
  ];
  for (const [named, requested, message] of table) {
    assertThrows(() => lowerLimits({ named, enforced }, requested), CodeBeakerError, message);
  }
  const loose = { named: {}, enforced: ["timeoutMs"] } as const;
  assertThrows(() => lowerLimits(loose, { memoryMb: 64 }), CodeBeakerError, "does not enforce");
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
