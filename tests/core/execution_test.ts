import { assertEquals } from "@std/assert";
import { chargedCpuMs, type CompileResult } from "../../src/core/execution.ts";

const USAGE = { wallMs: 300, startupMs: 1, cpuMs: 20, peakMemoryBytes: null };

function compiler(exitCode: number, cpuMs: number | null): CompileResult {
  return { outcome: { kind: "exited", exitCode }, stdout: "", stderr: "", cpuMs };
}

Deno.test("chargedCpuMs() counts program and compiler, and wall time where the CPU time is unknown", () => {
  assertEquals(chargedCpuMs({ usage: USAGE }), 20);
  assertEquals(chargedCpuMs({ usage: { ...USAGE, cpuMs: null } }), 300);
  assertEquals(chargedCpuMs({ usage: USAGE, compile: compiler(0, 900) }), 920);
  assertEquals(chargedCpuMs({ usage: USAGE, compile: compiler(0, null) }), 20);
  assertEquals(chargedCpuMs({ usage: { ...USAGE, cpuMs: 900 }, compile: compiler(1, 900) }), 900);
});
