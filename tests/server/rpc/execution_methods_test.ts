import { assertEquals, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { ExecutionRequest } from "../../../src/core/requests/execution_request.ts";
import type { ExecutionReport, SubmitOptions } from "../../../src/engine/port.ts";
import { fakeExecution, submitted, TESTER } from "../../support/fake_ports.ts";
import { until } from "../../support/until.ts";
import { Door, type RpcClient } from "./door.ts";

const CODE = { language: "ts", code: "1" };

/** An engine that keeps what it was asked for, and whose programs do what a test says. */
function keepingEngine(body?: Parameters<typeof submitted>[1]) {
  const seen: { request: ExecutionRequest; options: SubmitOptions }[] = [];
  const engine = {
    submit: (_caller: unknown, request: ExecutionRequest, options: SubmitOptions = {}) => {
      seen.push({ request, options });
      return Promise.resolve(submitted(options, body));
    },
  };
  return { seen, engine };
}

async function toldTo(client: RpcClient, method: string) {
  await until(() => client.notifications.some((told) => told.method === method), `${method} is told`);
  return client.notifications.map(({ method, params }) => [method, params] as const);
}

Deno.test("execution.run takes a one-shot request in, patient and open to input, and answers its id", async () => {
  const { seen, engine } = keepingEngine();
  await using door = new Door({ engine });
  const client = await door.connect();
  const { result } = await client.call("execution.run", { ...CODE, timeoutMs: 5, stdin: "x" });
  assertEquals(result, { executionId: "exec_1", status: "queued" });
  assertEquals([seen[0]?.request.language, seen[0]?.request.limits.timeoutMs], ["typescript", 5]);
  assertEquals([seen[0]?.options.isPatient, seen[0]?.options.isInteractive, seen[0]?.options.signal], [
    true,
    true,
    undefined,
  ]);
});

Deno.test("execution.run with wait answers the execution", async () => {
  const { seen, engine } = keepingEngine();
  await using door = new Door({ engine });
  const client = await door.connect();
  const { result } = await client.call("execution.run", { ...CODE, wait: true });
  assertEquals(result, { ...fakeExecution(), executionId: "exec_1", durationMs: 1 });
  assertEquals([seen[0]?.options.isPatient, seen[0]?.options.signal instanceof AbortSignal], [undefined, true]);
});

Deno.test("execution.run passes the caller on, with a request id of its own for each request", async () => {
  const ids: (string | undefined)[] = [];
  await using door = new Door({
    engine: {
      submit: (caller, _request, options = {}) => {
        assertEquals(caller.principal, TESTER.principal);
        ids.push(caller.requestId);
        return Promise.resolve(submitted(options));
      },
    },
  });
  const client = await door.connect();
  await client.call("execution.run", CODE);
  await client.call("execution.run", CODE);
  assertEquals([ids.length, new Set(ids).size, ids.every((id) => id?.startsWith("request-1."))], [2, 2, true]);
});

Deno.test("execution.run answers what had no meaning in warnings, and runs", async () => {
  const { seen, engine } = keepingEngine();
  await using door = new Door({ engine });
  const client = await door.connect();
  const old = { Language: "python", Code: "1", timeout: 5, memoryLimit: 512, cpuLimit: 1, networkEnabled: true };
  const { result } = await client.call("execution.run", { ...old, packages: ["numpy"] });
  assertEquals([result.status, result.warnings.length], ["queued", 2]);
  const { request } = seen[0] ?? {};
  assertEquals(
    [request?.language, request?.limits.timeoutMs, request?.limits.memoryMb, request?.permissions.allowNet],
    [
      "python",
      5_000,
      512,
      true,
    ],
  );
});

Deno.test("execution.run takes a runtime by its name or its type, in any case", async () => {
  const { seen, engine } = keepingEngine();
  const runtimes = [{ name: "node", type: "NodeJs" }, { name: "deno", type: "Deno" }];
  await using door = new Door({
    engine: { ...engine, describeRuntimes: () => Promise.resolve(runtimes as never) },
  });
  const client = await door.connect();
  for (const runtime of ["NodeJs", "nodejs", "NODE"]) await client.call("execution.run", { ...CODE, runtime });
  await client.call("execution.run", { ...CODE, runtimeType: "Deno" });
  await client.call("execution.run", { ...CODE, runtime: "Qemu" });
  assertEquals(seen.map(({ request }) => request.runtime), ["node", "node", "node", "deno", "Qemu"]);
});

Deno.test("execution.run refuses an invalid request with -32602, and says where", async () => {
  await using door = new Door();
  const client = await door.connect();
  const table: [object, string][] = [
    [{ language: "ts" }, "code"],
    [{ code: "1" }, "language"],
    [{ ...CODE, timeoutMs: 3_600_001 }, "timeoutMs"],
    [{ ...CODE, timeout: 1, timeoutMs: 1 }, "timeout"],
    [{ ...CODE, preference: "cheap" }, "preference"],
    [{ ...CODE, wait: "yes" }, "wait"],
    [{ ...CODE, env: { LD_PRELOAD: "x" } }, "env.LD_PRELOAD"],
  ];
  for (const [params, path] of table) {
    const { error } = await client.call("execution.run", params);
    assertEquals([path, error?.code, error?.data.errors?.[0]?.path], [path, -32602, path]);
  }
});

Deno.test("a client that did not ask for streaming gets no notifications of a program", async () => {
  const { engine } = keepingEngine(async (print) => await print("hello"));
  await using door = new Door({ engine });
  const client = await door.connect();
  await client.call("execution.run", { ...CODE, wait: true });
  await client.call("initialize", { capabilities: {} });
  await client.call("execution.run", { ...CODE, wait: true });
  await client.call("initialize", { capabilities: { streaming: true } });
  await client.call("execution.run", { ...CODE, wait: true, stream: false });
  await client.call("initialize");
  await client.call("execution.run", { ...CODE, wait: true });
  assertEquals(client.notifications, []);
});

Deno.test("a client that asked for streaming is notified of start, output and end, in order", async () => {
  const { engine } = keepingEngine(async (print) => {
    await print("a");
    await print("b");
  });
  await using door = new Door({ engine });
  const client = await door.connect();
  await client.call("initialize", { capabilities: { streaming: true } });
  assertEquals((await client.call("execution.run", CODE)).result.status, "queued");
  assertEquals(await toldTo(client, "execution.completed"), [
    ["execution.started", { executionId: "exec_1", language: "typescript", runtime: "fake" }],
    ["execution.output", { executionId: "exec_1", stream: "stdout", text: "a", seq: 0 }],
    ["execution.output", { executionId: "exec_1", stream: "stdout", text: "b", seq: 1 }],
    ["execution.completed", {
      executionId: "exec_1",
      status: "completed",
      exitCode: 0,
      durationMs: 1,
      timeout: false,
      outcome: { kind: "exited", exitCode: 0 },
    }],
  ]);
});

Deno.test("output reaches the client while its program runs", async () => {
  const gate = Promise.withResolvers<void>();
  const { engine } = keepingEngine(async (print) => {
    await print("first");
    await gate.promise;
  });
  await using door = new Door({ engine });
  const client = await door.connect();
  const run = client.call("execution.run", { ...CODE, wait: true, stream: true });
  const told = await toldTo(client, "execution.output");
  assertEquals(told.at(-1)?.[1].text, "first");
  gate.resolve();
  assertEquals((await run).result.executionId, "exec_1");
});

Deno.test("output never divides a character, keeps its byte order mark, and replaces what is none", async () => {
  const euro = new TextEncoder().encode("\uFEFF€😀");
  const { engine } = keepingEngine(async (print) => {
    for (const byte of euro) await print(Uint8Array.of(byte));
    await print(Uint8Array.of(0xf0, 0x9f));
  });
  await using door = new Door({ engine });
  const client = await door.connect();
  await client.call("execution.run", { ...CODE, wait: true, stream: true });
  const told = await toldTo(client, "execution.completed");
  const texts = told.filter(([method]) => method === "execution.output").map(([, { text }]) => text);
  assertEquals(texts, ["\uFEFF", "€", "😀", "\uFFFD"]);
  const numbers = told.filter(([method]) => method === "execution.output").map(([, { seq }]) => seq);
  assertEquals(numbers, [0, 1, 2, 3]);
});

Deno.test("a service that fails after the start tells execution.error", async () => {
  const { engine } = keepingEngine(() => Promise.reject(new Error("the secret")));
  await using door = new Door({ engine });
  const client = await door.connect();
  await client.call("execution.run", { ...CODE, stream: true });
  const told = await toldTo(client, "execution.error");
  assertEquals(told.at(-1)?.[1], { executionId: "exec_1", error: "Internal error", code: "internal" });
});

/** The files of an answer. */
const COLLECTED = {
  outputFiles: [{ path: "a", content: "a", encoding: "utf8", bytes: 1 }],
  outputFilesOmitted: { count: 1, paths: ["b"] },
} as const;

Deno.test("execution.status tells every state in the original's words", async () => {
  let report: ExecutionReport | CodeBeakerError | undefined;
  await using door = new Door({
    engine: {
      report: () => report instanceof CodeBeakerError ? Promise.reject(report) : Promise.resolve(report as never),
    },
  });
  const client = await door.connect();
  const live = { id: "exec_1", language: "ts", createdAt: "t", stdout: "so far", stderr: "" };
  const ended = (parts: Parameters<typeof fakeExecution>[0]) => ({
    status: "ended" as const,
    execution: fakeExecution(parts),
  });
  const failure = { code: "internal", message: "the secret", details: {} } as const;
  const table: [typeof report, Record<string, unknown>][] = [
    [{ status: "queued", ...live }, { status: "queued", exitCode: null, outcome: null, durationMs: null }],
    [{ status: "running", ...live }, { status: "running", stdout: "so far", timeout: false }],
    [ended({ stdout: "out" }), { status: "completed", exitCode: 0, stdout: "out", timeout: false, durationMs: 1 }],
    [ended({ exitCode: 3, outcome: { kind: "exited", exitCode: 3 } }), { status: "failed", exitCode: 3 }],
    [ended({ ...COLLECTED, truncated: { stdout: 5, stderr: 0 }, truncatedAt: { stdout: 1 } }), {
      ...COLLECTED,
      truncated: { stdout: 5, stderr: 0 },
      truncatedAt: { stdout: 1 },
    }],
    [ended({ exitCode: null, outcome: { kind: "cancelled" } }), { status: "cancelled", exitCode: null }],
    [ended({ exitCode: null, outcome: { kind: "timed_out", limitMs: 5 } }), {
      status: "failed",
      timeout: true,
      outcome: { kind: "timed_out", limitMs: 5 },
    }],
    [{ status: "failed", id: "exec_1", error: failure }, {
      status: "failed",
      exitCode: null,
      error: "Internal error",
      code: "internal",
    }],
    [new CodeBeakerError("not_found", "x"), { status: "not_found", exitCode: null, outcome: null, stdout: "" }],
  ];
  for (const [given, expected] of table) {
    report = given;
    const { result } = await client.call("execution.status", { executionId: "exec_1" });
    assertEquals(result.executionId, "exec_1");
    const told = Object.fromEntries(Object.keys(expected).map((name) => [name, result[name]]));
    assertEquals(told, expected);
    assertEquals(
      ["exitCode", "stdout", "stderr", "durationMs", "timeout", "outcome"].filter((name) => !(name in result)),
      [],
    );
  }
  report = new CodeBeakerError("busy", "x");
  assertEquals((await client.call("execution.status", { executionId: "exec_1" })).error?.code, -32029);
});

Deno.test("execution.cancel and execution.stdin reach the engine", async () => {
  const seen: unknown[] = [];
  await using door = new Door({
    engine: {
      cancel: (_caller, id) => void seen.push(["cancel", id]),
      feed: (_caller, id, input) => {
        seen.push(["feed", id, input]);
        return Promise.resolve();
      },
    },
  });
  const client = await door.connect();
  const executionId = "exec_1";
  assertEquals((await client.call("execution.cancel", { executionId })).result, { executionId, cancelled: true });
  await client.call("execution.stdin", { EXECUTION_ID: executionId, text: "hi" });
  await client.call("execution.stdin", { executionId, close: true });
  assertEquals(seen, [["cancel", executionId], ["feed", executionId, { text: "hi", close: false }], [
    "feed",
    executionId,
    { close: true },
  ]]);
  const { error } = await client.call("execution.stdin", { executionId });
  assertEquals([error?.code, error?.data.errors[0].path], [-32602, "text"]);
});

Deno.test("another tenant's execution is not_found to cancel and to feed", async () => {
  const missing = new CodeBeakerError("not_found", "Cannot find the execution");
  await using door = new Door({
    engine: {
      cancel: () => {
        throw missing;
      },
      feed: () => Promise.reject(missing),
    },
  });
  const client = await door.connect();
  assertEquals((await client.call("execution.cancel", { executionId: "x" })).error?.code, -32004);
  assertEquals((await client.call("execution.stdin", { executionId: "x", text: "" })).error?.code, -32004);
});

Deno.test("a warning names a field that a request may have meant", async () => {
  const { engine } = keepingEngine();
  await using door = new Door({ engine });
  const client = await door.connect();
  const { result } = await client.call("execution.run", { ...CODE, minIsolatoin: 9 });
  assertStringIncludes(result.warnings[0], 'did you mean "minIsolation"?');
});
