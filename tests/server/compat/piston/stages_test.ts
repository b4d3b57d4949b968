import { assertEquals } from "@std/assert";
import { VERSION } from "../../../../src/core/version.ts";
import type { Outcome } from "../../../../src/core/execution.ts";
import { endOf, InterleavedOutput, type StageEnd, toResult } from "../../../../src/server/compat/piston/stages.ts";
import { fakeExecution } from "../../../support/fake_ports.ts";

Deno.test("endOf() tells each outcome in Piston's fields", () => {
  const table: [
    outcome: Outcome,
    code: number | null,
    signal: string | null,
    status: StageEnd["status"],
    message: string,
  ][] = [
    [{ kind: "exited", exitCode: 3 }, 3, null, "RE", "Exited with error status 3"],
    [{ kind: "signaled", signal: "SIGSEGV" }, null, "SIGSEGV", "SG", "Caught fatal signal 11"],
    [{ kind: "timed_out", limitMs: 9 }, null, "SIGKILL", "TO", "Time limit exceeded (wall clock, 9 ms)"],
    [{ kind: "cpu_limit", limitMs: 9, observedMs: 10 }, null, "SIGKILL", "TO", "Time limit exceeded (9 ms)"],
    [
      { kind: "output_limit", limitBytes: 9, observedBytes: 10 },
      null,
      "SIGKILL",
      "OL",
      "output length exceeded (9 bytes)",
    ],
    [{ kind: "memory_limit", limitMb: 9, observedMb: 10 }, null, "SIGKILL", "SG", "Memory limit exceeded (9 MB)"],
    [{ kind: "disk_limit", limitMb: 9, observedMb: 10 }, null, "SIGKILL", "SG", "Disk limit exceeded (9 MB)"],
    [{ kind: "process_limit", limit: 9, observed: 10 }, null, "SIGKILL", "SG", "Process limit exceeded (9)"],
    [{ kind: "descriptor_limit", limit: 9, observed: 10 }, null, "SIGKILL", "SG", "Open file limit exceeded (9)"],
    [{ kind: "cancelled" }, null, "SIGKILL", "XX", "Cancelled"],
    [{ kind: "interrupted", reason: "it rains" }, null, "SIGKILL", "XX", "Interrupted: it rains"],
  ];
  for (const [outcome, code, signal, status, message] of table) {
    assertEquals(endOf(outcome), { code, signal, message, status });
  }
  assertEquals(endOf({ kind: "exited", exitCode: 0 }), { code: 0, signal: null, message: null, status: null });
});

Deno.test("toResult() gives the output of both streams in the order in which it came, and joins divided characters", () => {
  const output = new InterleavedOutput();
  const encoder = new TextEncoder();
  const [first, last] = [encoder.encode("é").subarray(0, 1), encoder.encode("é").subarray(1)];
  output.push({ stream: "stdout", bytes: first });
  output.push({ stream: "stderr", bytes: encoder.encode("!") });
  output.push({ stream: "stdout", bytes: last });
  output.push({ stream: "stdout", bytes: first });
  const usage = { wallMs: 5, startupMs: 1, cpuMs: 4, peakMemoryBytes: 1024 };
  const result = toResult(fakeExecution({ stdout: "é\ufffd", stderr: "!", usage }), output);
  assertEquals(result, {
    run: {
      ...{ stdout: "é\ufffd", stderr: "!", output: "!é\ufffd", code: 0, signal: null, message: null, status: null },
      ...{ memory: 1024, cpu_time: 4, wall_time: 5 },
    },
    language: "typescript",
    version: VERSION,
  });
});

Deno.test("toResult() gives a failed compiler's stage in place of the program's", () => {
  const outcome = { kind: "exited", exitCode: 1 } as const;
  const compile = { outcome, stdout: "", stderr: "no", cpuMs: 7 };
  const stage = {
    ...{ stdout: "", stderr: "no", output: "no", code: 1, signal: null, message: "Exited with error status 1" },
    ...{ status: "RE", memory: null, cpu_time: 7, wall_time: null },
  };
  const failed = fakeExecution({ language: "cpp", outcome, exitCode: 1, stderr: "no", compile });
  assertEquals(toResult(failed, new InterleavedOutput()), {
    ...{ compile: stage, run: stage, language: "c++", version: VERSION },
  });
});
