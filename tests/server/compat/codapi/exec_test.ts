import { assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import type { Execution } from "../../../../src/core/execution.ts";
import type { Observer } from "../../../../src/engine/observer.ts";
import type { EnginePort } from "../../../../src/engine/port.ts";
import { fakeEngine, fakeExecution } from "../../../support/fake_ports.ts";
import { appOf } from "../../support/app_of.ts";

const REQUEST = { sandbox: "python", command: "run", files: { "": "print(1)" } };
const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;
const FAILURE = { duration: 0, ok: false, stdout: "" };

async function ask(engine: Partial<EnginePort>, body: unknown, method = "POST", observer: Observer = {}) {
  const response = await appOf({ engine: fakeEngine(engine), observer }).request("/v1/exec", {
    method,
    headers: { host: "localhost" },
    ...(method === "POST" ? { body: JSON.stringify(body) } : {}),
  }, LOCAL);
  return [response.status, await response.json()] as const;
}

function ending(parts: Partial<Execution>): Partial<EnginePort> {
  return { submit: () => Promise.resolve({ id: "exec_1", ended: Promise.resolve(fakeExecution(parts)) }) };
}

Deno.test("POST exec answers as codapi does, where a failed program has everything in stderr", async () => {
  const usage = { wallMs: 20.4, startupMs: 3, cpuMs: 1, peakMemoryBytes: null };
  const exited = (exitCode: number) => ({ kind: "exited", exitCode }) as const;
  const uncompiled = { kind: "compile_failed", exitCode: 1 } as const;
  const compile = { outcome: exited(1), stdout: "", stderr: "no such name\n", cpuMs: 1 };
  const cut = { truncated: { stdout: 9, stderr: 0 }, truncatedAt: { stdout: 1 } };
  const table: [parts: Partial<Execution>, ok: boolean, stdout: string, stderr: string][] = [
    [{ stdout: "1\n", stderr: "w\n" }, true, "1", "w"],
    [{ stdout: "1\n", stderr: "boom\n", outcome: exited(2) }, false, "", "1boom (exit status 2)"],
    [{ outcome: exited(2) }, false, "", "exit status 2"],
    [{ stdout: "ab\n", ...cut }, true, "a\n[… 9 bytes are left out here …]\nb", ""],
    [{ outcome: { kind: "timed_out", limitMs: 9 } }, false, "", "code execution timeout"],
    [{ outcome: { kind: "signaled", signal: "SIGSEGV" } }, false, "", "signal: SIGSEGV"],
    [{ outcome: { kind: "memory_limit", limitMb: 1, observedMb: 2 } }, false, "", "memory limit of 1 MB exceeded"],
    [{ outcome: { kind: "interrupted", reason: "it rains" } }, false, "", "interrupted: it rains"],
    [{ outcome: uncompiled, compile }, false, "", "no such name (compilation failed: exit status 1)"],
  ];
  for (const [parts, ok, stdout, stderr] of table) {
    const [status, answer] = await ask(ending({ usage, ...parts }), REQUEST);
    assertEquals([status, answer], [200, { id: "python_run_exec_1", ok, duration: 23, stdout, stderr }]);
  }
});

Deno.test("every error is a failed execution with codapi's status", async () => {
  const failing = (error: CodeBeakerError): Partial<EnginePort> => ({ submit: () => Promise.reject(error) });
  const unknown = failing(new CodeBeakerError("unsupported_language", "no runtime supports it"));
  const stderr = "unknown sandbox: no runtime supports it";
  assertEquals(await ask(unknown, REQUEST), [404, { id: "-", ...FAILURE, stderr }]);
  const busy = failing(new CodeBeakerError("busy", "too much"));
  assertEquals(await ask(busy, REQUEST), [429, { id: "-", ...FAILURE, stderr: "too much" }]);
  assertEquals((await ask({}, { ...REQUEST, command: "test" }))[0], 404);
  assertEquals(await ask({}, { ...REQUEST, files: {} }), [400, { id: "-", ...FAILURE, stderr: "empty request" }]);
  assertEquals((await ask({}, undefined, "GET"))[0], 405);
});

Deno.test("a version and a file name outside fail as executions do", async () => {
  const box = { id: "-", ...FAILURE, stderr: "unknown box python:dev" };
  assertEquals(await ask({}, { ...REQUEST, version: "dev" }), [200, box]);
  const long = await ask({}, { ...REQUEST, version: "x".repeat(1_000) });
  assertEquals(long[1].stderr, `unknown box python:${"x".repeat(64)}`);
  const refused: string[] = [];
  const observer: Observer = { refused: ({ error }) => void refused.push(error.code) };
  const [status, { ok, stderr }] = await ask({}, { ...REQUEST, files: { "": "1", "../x": "2" } }, "POST", observer);
  assertEquals([status, ok, stderr.includes("must lie in the workspace")], [200, false, true]);
  assertEquals(refused, ["permission_denied"]);
});
