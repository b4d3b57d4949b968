import { assertEquals } from "@std/assert";
import { noSuitableRuntime } from "../../src/core/no_suitable_runtime.ts";
import type { Rejection } from "../../src/core/selection.ts";

/** The error for a selection in which every runtime is rejected. */
function errorFor(rejections: Readonly<Record<string, Rejection>>) {
  const inputs = { startupMs: 1, memoryMb: 1, isolationLevel: 7, source: "declared" } as const;
  const candidates = Object.entries(rejections).map(([runtime, rejectedBecause]) => ({
    runtime,
    passed: false,
    rejectedBecause,
    inputs,
  }));
  const selection = { chosen: null, preference: "balanced", floor: 7, candidates } as const;
  const { code, message, details } = noSuitableRuntime(selection, { language: "python", supported: ["go", "python"] });
  return { code, message, retryAfterMs: details.retryAfterMs };
}

const MUTE = { code: "unsupported_language", detail: "supports go" } as const;
const MISSING = { code: "unavailable", detail: "no socket", remedy: "install an Engine" } as const;
const TESTING = { code: "unavailable", detail: "its self-test is not over yet" } as const;
const OPEN = { code: "circuit_open", detail: "circuit open for 4 s", retryAfterMs: 4_000 } as const;
const UNPULLED = { code: "unavailable", detail: "cannot be pulled", remedy: "build it", retryAfterMs: 30_000 } as const;
const WEAK = { code: "below_isolation_floor", detail: "isolation 5 of 10 is below the floor 7" } as const;

Deno.test("noSuitableRuntime() names what to install, and no time to retry, where waiting cannot help", () => {
  assertEquals(errorFor({ light: MUTE, heavy: MISSING }), {
    code: "runtime_unavailable",
    message: "Cannot run python as heavy is unavailable (no socket): install an Engine",
    retryAfterMs: undefined,
  });
  assertEquals(errorFor({ light: WEAK, heavy: MISSING }), {
    code: "runtime_unavailable",
    message:
      "Cannot run python as light does not fit (isolation 5 of 10 is below the floor 7) and heavy is unavailable (no socket): install an Engine",
    retryAfterMs: undefined,
  });
  const other = { ...MISSING, remedy: "install python3" } as const;
  assertEquals(
    errorFor({ light: other, heavy: MISSING, third: MISSING }).message,
    "Cannot run python as light is unavailable (no socket) and heavy is unavailable (no socket) and third is unavailable (no socket): install python3; or install an Engine",
  );
});

Deno.test("noSuitableRuntime() has the earliest time at which an obstacle may have passed by itself", () => {
  const table: [Record<string, Rejection>, number][] = [
    [{ one: TESTING }, 1_000],
    [{ one: OPEN }, 4_000],
    [{ one: UNPULLED }, 30_000],
    [{ one: MISSING, two: OPEN }, 4_000],
    [{ one: UNPULLED, two: OPEN, three: MISSING }, 4_000],
  ];
  for (const [rejections, retryAfterMs] of table) {
    const error = errorFor(rejections);
    assertEquals([error.code, error.retryAfterMs], ["runtime_unavailable", retryAfterMs]);
  }
});

Deno.test("noSuitableRuntime() says that a program is too large only where waiting cannot help", () => {
  const LARGE = { code: "exceeds_memory", detail: "needs 2 MB" } as const;
  const codes = [{ one: LARGE }, { one: LARGE, two: MISSING }, { one: LARGE, two: WEAK }, { one: LARGE, two: OPEN }]
    .map((rejections) => errorFor(rejections as Record<string, Rejection>).code);
  assertEquals(codes, ["too_large", "too_large", "too_large", "runtime_unavailable"]);
});

Deno.test("noSuitableRuntime() tells of the filters that were not passed, and of the language only where nothing else is left", () => {
  assertEquals(
    errorFor({ light: MUTE, heavy: WEAK }).message,
    "Cannot run python as no runtime passes the filters (heavy: isolation 5 of 10 is below the floor 7): codebeaker doctor says how to raise the isolation here",
  );
  const forced = errorFor({ light: MUTE, heavy: { code: "not_requested", detail: "the request forces light" } });
  assertEquals([forced.code, forced.message, forced.retryAfterMs], [
    "no_suitable_runtime",
    "Cannot run python as no runtime passes the filters (light: supports go; heavy: the request forces light)",
    undefined,
  ]);
});
