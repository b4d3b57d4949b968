import { assertEquals } from "@std/assert";
import type { Outcome } from "../../src/core/execution.ts";
import { DEFAULT_LIMITS, MEBIBYTE } from "../../src/core/limits.ts";
import type { UsageSample } from "../../src/process/child_processes.ts";
import { diskLimit, exceededLimit, memoryLimit, outcomeOf } from "../../src/process/ending.ts";

const LIMITS = { ...DEFAULT_LIMITS, cpuMs: 1_000, memoryMb: 100, maxProcesses: 4, diskMb: 8 };
const BOUNDS = { limits: LIMITS, maxDescriptors: 64 };

/** A program at each of its limits, and beyond none. */
const AT_ITS_LIMITS: UsageSample = {
  cpuMs: 1_000,
  peakMemoryBytes: 100 * MEBIBYTE,
  processes: 4,
  descriptors: 64,
  isOutOfMemory: false,
  wasRefusedTasks: false,
};

const memory = (observedMb: number): Outcome => ({ kind: "memory_limit", limitMb: 100, observedMb });
const processes = (observed: number): Outcome => ({ kind: "process_limit", limit: 4, observed });

Deno.test("exceededLimit() finds nothing in a program at its limits, nor in one of which nothing is known", () => {
  assertEquals(exceededLimit(AT_ITS_LIMITS, BOUNDS), undefined);
  assertEquals(
    exceededLimit({ ...AT_ITS_LIMITS, cpuMs: null, peakMemoryBytes: null, processes: 0 }, BOUNDS),
    undefined,
  );
});

Deno.test("exceededLimit() tells each limit with what was observed, memory before all others", () => {
  const table: readonly [Partial<UsageSample>, Outcome][] = [
    [{ peakMemoryBytes: 100 * MEBIBYTE + 1 }, memory(101)],
    [{ isOutOfMemory: true }, memory(100)],
    [{ isOutOfMemory: true, peakMemoryBytes: null }, memory(100)],
    [{ cpuMs: 1_000.5 }, { kind: "cpu_limit", limitMs: 1_000, observedMs: 1_001 }],
    [{ processes: 5 }, processes(5)],
    [{ wasRefusedTasks: true }, processes(5)],
    [{ wasRefusedTasks: true, processes: 9 }, processes(9)],
    [{ descriptors: 65 }, { kind: "descriptor_limit", limit: 64, observed: 65 }],
    [{ peakMemoryBytes: 200 * MEBIBYTE, cpuMs: 5_000, processes: 9, descriptors: 99 }, memory(200)],
    [{ cpuMs: 5_000, processes: 9 }, { kind: "cpu_limit", limitMs: 1_000, observedMs: 5_000 }],
    [{ processes: 9, descriptors: 99 }, processes(9)],
  ];
  for (const [parts, outcome] of table) {
    assertEquals([parts, exceededLimit({ ...AT_ITS_LIMITS, ...parts }, BOUNDS)], [parts, outcome]);
  }
});

Deno.test("memoryLimit() observed at least the limit, whatever the last look saw", () => {
  for (const peakMemoryBytes of [null, 0, 5 * MEBIBYTE]) {
    assertEquals(memoryLimit({ peakMemoryBytes }, LIMITS), memory(100));
  }
  assertEquals(memoryLimit({ peakMemoryBytes: 150.5 * MEBIBYTE }, LIMITS), memory(151));
});

Deno.test("diskLimit() names the number of files only where that was too many", () => {
  const bounds = { bytes: 8 * MEBIBYTE, files: 100 };
  const tell = (bytes: number, files: number) => diskLimit({ bytes, files }, { bounds, limits: LIMITS });
  assertEquals(tell(9.1 * MEBIBYTE, 100), { kind: "disk_limit", limitMb: 8, observedMb: 10 });
  assertEquals(tell(1, 101), { kind: "disk_limit", limitMb: 8, observedMb: 1, limitFiles: 100, observedFiles: 101 });
});

Deno.test("outcomeOf() tells what an exit status tells by itself", () => {
  const table: readonly [number, Deno.Signal | null, Outcome][] = [
    [0, null, { kind: "exited", exitCode: 0 }],
    [137, null, { kind: "exited", exitCode: 137 }],
    [137, "SIGKILL", { kind: "signaled", signal: "SIGKILL" }],
    [139, "SIGSEGV", { kind: "signaled", signal: "SIGSEGV" }],
    [152, "SIGXCPU", { kind: "cpu_limit", limitMs: 1_000, observedMs: 1_000 }],
    [153, "SIGXFSZ", { kind: "disk_limit", limitMb: 8, observedMb: 8 }],
  ];
  for (const [code, signal, outcome] of table) {
    assertEquals(outcomeOf({ success: code === 0, code, signal }, { sample: AT_ITS_LIMITS, limits: LIMITS }), outcome);
  }
  for (const [cpuMs, observedMs] of [[null, 1_000], [400, 1_000], [1_300, 1_300]] as const) {
    const sample = { ...AT_ITS_LIMITS, cpuMs };
    assertEquals(outcomeOf({ success: false, code: 152, signal: "SIGXCPU" }, { sample, limits: LIMITS }), {
      kind: "cpu_limit",
      limitMs: 1_000,
      observedMs,
    });
  }
});
