import { assertEquals } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { boundsOf } from "../../../../src/runtimes/docker/container/container_limits.ts";

Deno.test("boundsOf() leaves a compiler room that a program does not get", () => {
  const small = { ...DEFAULT_LIMITS, memoryMb: 64, maxProcesses: 1 };
  assertEquals(boundsOf(small, { compiling: false }), { memoryMb: 64, tasks: 25 });
  assertEquals(boundsOf(small, { compiling: true }), { memoryMb: 1_024, tasks: 128 });
  const large = { ...DEFAULT_LIMITS, memoryMb: 4_096, maxProcesses: 4_096 };
  assertEquals(boundsOf(large, { compiling: true }), boundsOf(large, { compiling: false }));
});
