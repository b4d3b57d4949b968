import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import {
  DEFAULT_LIMITS,
  type LimitName,
  limitPolicyOf,
  LIMITS,
  limitsSchema,
  lowerLimits,
  MOST,
  namedLimits,
  narrowLimits,
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

Deno.test("limitPolicyOf() keeps defaults under ceilings, and refuses a default that is set above one", () => {
  const { ceilings, defaults } = limitPolicyOf({ limitCeilings: { timeoutMs: 5_000 }, limitDefaults: {} });
  assertEquals([ceilings.timeoutMs, ceilings.memoryMb], [5_000, LIMITS.memoryMb.max]);
  assertEquals([defaults.timeoutMs, defaults.memoryMb], [5_000, DEFAULT_LIMITS.memoryMb]);
  const settings = { limitCeilings: { timeoutMs: 5_000 }, limitDefaults: { timeoutMs: 6_000 } };
  assertThrows(() => limitPolicyOf(settings), CodeBeakerError, "timeoutMs must be at most its ceiling 5000");
});

Deno.test("narrowLimits() refuses what is above a ceiling, and gives as much as may be had", () => {
  const policy = limitPolicyOf({ limitCeilings: { timeoutMs: 5_000 }, limitDefaults: {} });
  assertEquals(narrowLimits({ timeoutMs: 5_000 }, policy), { timeoutMs: 5_000 });
  assertEquals(narrowLimits({ cpuMs: MOST, memoryMb: MOST }, policy), { cpuMs: 5_000, memoryMb: 4_096 });
  assertThrows(() => narrowLimits({ timeoutMs: 5_001 }, policy), CodeBeakerError, "the operator's ceiling");
});

Deno.test("lowerLimits() lowers a session of higher ceilings than today's, except its workspace", () => {
  const enforced = Object.keys(LIMITS) as LimitName[];
  const policy = limitPolicyOf({ limitCeilings: { memoryMb: 100, diskMb: 32, timeoutMs: 5_000 }, limitDefaults: {} });
  const named = { memoryMb: 512, diskMb: 64, timeoutMs: 60_000 };
  const { diskMb, memoryMb, timeoutMs } = lowerLimits({ named, enforced, policy }, {});
  assertEquals({ diskMb, memoryMb, timeoutMs }, { diskMb: 64, memoryMb: 100, timeoutMs: 5_000 });
  assertEquals(lowerLimits({ named: {}, enforced, policy }, { timeoutMs: MOST }).timeoutMs, 5_000);
});

Deno.test("limitsSchema keeps every limit between its bounds", () => {
  for (
    const name of ["memoryMb", "cpuMs", "maxOutputBytes", "maxTotalOutputBytes", "maxProcesses", "diskMb"] as const
  ) {
    const range: { readonly max: number; readonly most?: number } = LIMITS[name];
    const { min, default: fallback } = LIMITS[name];
    const max = range.most ?? range.max; // As far as an operator may raise the ceiling.
    const taken = [min - 1, min, fallback, max, max + 1, Number.NaN, "1"].map((value) =>
      limitsSchema.safeParse({ [name]: value }).success
    );
    assertEquals([name, taken], [name, [false, true, true, true, false, false, false]]);
  }
});
