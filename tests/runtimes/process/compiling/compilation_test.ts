import { assertEquals } from "@std/assert";
import type { ProgramHandle } from "../../../../src/runtimes/port.ts";
import { COMPILER_LIMITS, DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { compilerLimits, uncompiledProgram } from "../../../../src/runtimes/process/compiling/compilation.ts";

Deno.test("compilerLimits() gives a compiler its own time, and no less than it needs of the rest", () => {
  const { maxProcesses, memoryMb, timeoutMs } = COMPILER_LIMITS;
  const least = { ...DEFAULT_LIMITS, timeoutMs: 1, cpuMs: 10, memoryMb: 32, maxProcesses: 1, diskMb: 3 };
  assertEquals(compilerLimits(least), { ...least, timeoutMs, cpuMs: timeoutMs, memoryMb, maxProcesses });

  const most = { ...DEFAULT_LIMITS, timeoutMs: 300_000, cpuMs: 1_200_000, memoryMb: 4_096, maxProcesses: 4_096 };
  assertEquals(compilerLimits(most), { ...most, timeoutMs });
});

Deno.test("compilerLimits() gives a compiler less time where a request asks for it, and never more than its own", () => {
  const times = [5, 100_000].map((compileMs) => compilerLimits(DEFAULT_LIMITS, compileMs).timeoutMs);
  assertEquals(times, [5, COMPILER_LIMITS.timeoutMs]);
});

Deno.test("uncompiledProgram() ends as compile_failed with the compiler's exit code, or at the compiler's limit", async () => {
  const compiler: Pick<ProgramHandle, "usage"> = { usage: () => ({ cpuMs: 1, peakMemoryBytes: 1 }) };
  const limit = { kind: "timed_out", limitMs: 5 } as const;
  const outcomes = [{ kind: "exited", exitCode: 2 } as const, limit].map((outcome) =>
    uncompiledProgram(compiler, { outcome, stdout: "", stderr: "", cpuMs: 1 }).outcome
  );
  assertEquals(await Promise.all(outcomes), [{ kind: "compile_failed", exitCode: 2 }, limit]);
});
