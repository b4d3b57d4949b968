import { assertEquals, assertStringIncludes } from "@std/assert";
import { CodeBeakerError, type ErrorCode } from "../../../../src/core/errors.ts";
import type { Execution } from "../../../../src/core/execution.ts";
import type { ExecutionRequest } from "../../../../src/core/requests/execution_request.ts";
import type { EnginePort } from "../../../../src/engine/port.ts";
import { fakeEngine, fakeExecution } from "../../../support/fake_ports.ts";
import { appOf } from "../../support/app_of.ts";

const REQUEST = { lang: "py", code: "print(1)" };
const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;

async function ask(engine: Partial<EnginePort>, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const init = { method: "POST", headers: { host: "localhost", ...headers }, body: JSON.stringify(body) };
  const response = await appOf({ engine: fakeEngine(engine) }).request("/exec", init, LOCAL);
  return [response.status, await response.json()] as const;
}

function ending(parts: Partial<Execution>, seen: ExecutionRequest[] = []): Partial<EnginePort> {
  return {
    submit(_caller, request) {
      seen.push(request);
      return Promise.resolve({ id: "exec_1", ended: Promise.resolve(fakeExecution(parts)) });
    },
  };
}

Deno.test("POST exec answers with the output, and why a program failed", async () => {
  const exited = (exitCode: number) => ({ kind: "exited", exitCode }) as const;
  const uncompiled = { kind: "compile_failed", exitCode: 1 } as const;
  const compile = { outcome: exited(1), stdout: "", stderr: "no such name\n", cpuMs: 1 };
  const cut = { truncated: { stdout: 9, stderr: 0 }, truncatedAt: { stdout: 1 } };
  const table: [parts: Partial<Execution>, stdout: string, stderr: string][] = [
    [{ stdout: "1\n", stderr: "w" }, "1\n", "w"],
    [{ stdout: "1\n", stderr: "boom", outcome: exited(2) }, "1\n", "boom\nexit status 2\n"],
    [{ stdout: "ab", ...cut }, "a\n[… 9 bytes are left out here …]\nb", ""],
    [{ outcome: { kind: "timed_out", limitMs: 9 } }, "", "code execution timeout\n"],
    [{ outcome: uncompiled, compile }, "", "no such name\ncompilation failed: exit status 1\n"],
  ];
  for (const [parts, stdout, stderr] of table) {
    assertEquals(await ask(ending(parts), REQUEST), [200, { session_id: "exec_1", stdout, stderr, files: [] }]);
  }
});

Deno.test("POST exec passes arguments on, and takes hints for other servers", async () => {
  const seen: ExecutionRequest[] = [];
  const hints = { user_id: "u", session_id: "s", runtime_session_hint: "h", files: [] };
  const profile = { "x-codeapi-expected-profile": "default" };
  assertEquals((await ask(ending({}, seen), { ...REQUEST, ...hints, args: ["a"] }, profile))[0], 200);
  assertEquals(seen.map(({ args, language }) => [language, args]), [["python", ["a"]]]);
});

Deno.test("POST exec refuses what it does not do: stored files, and another profile", async () => {
  const table: [body: unknown, word: string, headers?: Record<string, string>][] = [
    [{ ...REQUEST, files: [{ id: "1", name: "a.csv", storage_session_id: "s" }] }, "stores no files"],
    [REQUEST, "profile", { "x-codeapi-expected-profile": "stateful" }],
    [{ ...REQUEST, code: 1 }, "code"],
    [{ code: "1" }, "lang"],
  ];
  for (const [body, word, headers] of table) {
    const [status, answer] = await ask({}, body, headers);
    assertEquals([status, Object.keys(answer)], [400, ["error"]]);
    assertStringIncludes(answer.error, word);
  }
});

Deno.test("every error has a status that LibreChat understands", async () => {
  const failing = (code: ErrorCode): Partial<EnginePort> => ({
    submit: () => Promise.reject(new CodeBeakerError(code, "it failed", { details: { retryAfterMs: 2_500 } })),
  });
  const busy = { error: "rate_limited", message: "it failed", retry_after_seconds: 3 };
  assertEquals(await ask(failing("busy"), REQUEST), [429, busy]);
  assertEquals(await ask(failing("unsupported_language"), REQUEST), [422, { error: "it failed" }]);
  assertEquals(await ask(failing("runtime_unavailable"), REQUEST), [503, { error: "it failed" }]);
  assertEquals(await ask(failing("internal"), REQUEST), [500, { error: "Internal error" }]);
  assertEquals((await ask({}, { ...REQUEST, code: "x".repeat(3_000) }))[0], 400);
});
