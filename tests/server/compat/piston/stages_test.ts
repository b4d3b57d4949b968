import { assertEquals } from "@std/assert";
import { VERSION } from "../../../../src/core/version.ts";
import type { Outcome } from "../../../../src/core/execution.ts";
import { endOf, toResult } from "../../../../src/server/compat/piston/stages.ts";
import { fakeExecution } from "../../../support/fake_ports.ts";

Deno.test("endOf() tells each outcome in Piston's fields", () => {
  const table: [
    outcome: Outcome,
    code: number | null,
    signal: string | null,
    status: string | null,
    message: string,
  ][] = [
    [{ kind: "exited", exitCode: 3 }, 3, null, "RE", "Exited with error status 3"],
    [{ kind: "signaled", signal: "SIGSEGV" }, null, "SIGSEGV", "SG", "Caught fatal signal 11"],
    [{ kind: "timed_out", limitMs: 9 }, null, "SIGKILL", "TO", "Time limit exceeded (wall clock, 9 ms)"],
    [{ kind: "cpu_limit", limitMs: 9, observedMs: 10 }, null, "SIGKILL", "TO", "CPU time limit of 9 ms exceeded"],
    [
      { kind: "output_limit", limitBytes: 9, observedBytes: 10 },
      null,
      "SIGKILL",
      "OL",
      "output limit of 9 bytes exceeded",
    ],
    [{ kind: "memory_limit", limitMb: 9, observedMb: 10 }, null, "SIGKILL", "SG", "memory limit of 9 MB exceeded"],
    [{ kind: "disk_limit", limitMb: 9, observedMb: 10 }, null, "SIGKILL", "SG", "disk limit of 9 MB exceeded"],
    [{ kind: "process_limit", limit: 9, observed: 10 }, null, "SIGKILL", "SG", "limit of 9 processes exceeded"],
    [{ kind: "descriptor_limit", limit: 9, observed: 10 }, null, "SIGKILL", "SG", "limit of 9 open files exceeded"],
    [{ kind: "cancelled" }, null, "SIGKILL", "XX", "cancelled"],
    [{ kind: "interrupted", reason: "it rains" }, null, "SIGKILL", "XX", "interrupted: it rains"],
  ];
  for (const [outcome, code, signal, status, message] of table) {
    assertEquals<object>(endOf(outcome), { code, signal, message, status });
  }
  assertEquals(endOf({ kind: "exited", exitCode: 0 }), { code: 0, signal: null, message: null, status: null });
});

Deno.test("toResult() gives an execution in Piston's fields", () => {
  const usage = { wallMs: 5, startupMs: 1, cpuMs: 4, peakMemoryBytes: 1024 };
  const result = toResult(fakeExecution({ stdout: "é\ufffd", stderr: "!", usage }), "!é\ufffd");
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
  const failed = fakeExecution({
    language: "cpp",
    outcome: { kind: "compile_failed", exitCode: 1 },
    exitCode: 1,
    stderr: "no",
    compile,
  });
  assertEquals(toResult(failed, ""), {
    ...{ compile: stage, run: stage, language: "c++", version: VERSION },
  });
});
