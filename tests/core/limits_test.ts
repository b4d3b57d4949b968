import { assertEquals } from "@std/assert";
import {
  DEFAULT_LIMITS,
  LIMITS,
  limitsSchema,
  lowerTimeout,
  namedLimits,
  resolveLimits,
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

Deno.test("lowerTimeout() never raises", () => {
  assertEquals(lowerTimeout(DEFAULT_LIMITS, 99_999_999).timeoutMs, DEFAULT_LIMITS.timeoutMs);
  assertEquals(lowerTimeout(DEFAULT_LIMITS, 5).timeoutMs, 5);
  assertEquals(lowerTimeout(DEFAULT_LIMITS, undefined), DEFAULT_LIMITS);
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
