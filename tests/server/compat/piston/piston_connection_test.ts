import { assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import type { Execution } from "../../../../src/core/execution.ts";
import { VERSION } from "../../../../src/core/version.ts";
import type { EnginePort, SubmitOptions } from "../../../../src/engine/port.ts";
import { fakeEngine, fakeExecution } from "../../../support/fake_ports.ts";
import { appOf } from "../../support/app_of.ts";

const INIT = { type: "init", language: "python", version: "*", files: [{ content: "x" }] };
const RUNTIME = { type: "runtime", language: "python", version: VERSION };

/** A program that prints what it is fed, and ends when it is fed "end" or cancelled. */
function echo(parts: Partial<Execution> = {}): Partial<EnginePort> {
  const { promise: ended, resolve } = Promise.withResolvers<Execution>();
  let options: SubmitOptions = {};
  return {
    submit(_caller, _request, given = {}) {
      options = given;
      const { compile } = parts;
      options.onStart?.({ id: "exec_1", runtime: "fake", ...(compile === undefined ? {} : { compile }) });
      if (compile !== undefined && compile.outcome.kind === "exited" && compile.outcome.exitCode !== 0) {
        resolve(fakeExecution(parts));
      }
      options.signal?.addEventListener("abort", () => resolve(fakeExecution()));
      return Promise.resolve({ id: "exec_1", ended });
    },
    async feed(_caller, id, { text = "" }) {
      assertEquals(id, "exec_1");
      if (text === "closed") throw new CodeBeakerError("conflict", "it reads no more");
      if (text === "end") {
        return resolve(fakeExecution({ exitCode: 3, outcome: { kind: "exited", exitCode: 3 }, ...parts }));
      }
      await options.onOutput?.({ stream: "stdout", bytes: new TextEncoder().encode(text) });
    },
    cancel: () => resolve(fakeExecution({ exitCode: null, outcome: { kind: "cancelled" } })),
  };
}

/** Sends messages on a connection; gives what comes until its end, and its close code. */
async function talk(engine: Partial<EnginePort>, messages: readonly unknown[]) {
  const app = appOf({ engine: fakeEngine(engine) });
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, app.fetch);
  const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}/api/v2/connect`);
  const received: unknown[] = [];
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  socket.onmessage = ({ data }) => received.push(JSON.parse(data));
  socket.onopen = () => {
    for (const message of messages) {
      socket.send(
        typeof message === "object" && !(message instanceof Uint8Array) ? JSON.stringify(message) : message as string,
      );
    }
  };
  const { code, reason } = await closed;
  return { received, code, reason };
}

const stdin = (data: unknown) => ({ type: "data", stream: "stdin", data });

Deno.test("a job runs interactively, from its runtime to its exit", async () => {
  const { code, reason, received } = await talk(echo(), [
    INIT,
    stdin("hé"),
    stdin("closed"),
    { type: "else" },
    stdin("end"),
  ]);
  assertEquals(received, [
    RUNTIME,
    { type: "stage", stage: "run" },
    { type: "data", stream: "stdout", data: "hé" },
    { type: "exit", stage: "run", code: 3, signal: null },
  ]);
  assertEquals([code, reason], [4999, "Job Completed"]);
});

Deno.test("a compiler's stage comes before the program's, and alone when it fails", async () => {
  const compiled = { outcome: { kind: "exited", exitCode: 0 }, stdout: "", stderr: "w", cpuMs: 1 } as const;
  const stage = (stage: string) => ({ type: "stage", stage });
  const warning = { type: "data", stream: "stderr", data: "w" };
  assertEquals((await talk(echo({ compile: compiled }), [INIT, stdin("end")])).received, [
    RUNTIME,
    stage("compile"),
    warning,
    { type: "exit", stage: "compile", code: 0, signal: null },
    stage("run"),
    { type: "exit", stage: "run", code: 3, signal: null },
  ]);
  const outcome = { kind: "exited", exitCode: 1 } as const;
  assertEquals((await talk(echo({ outcome, compile: { ...compiled, outcome } }), [INIT])).received, [
    RUNTIME,
    stage("compile"),
    warning,
    { type: "exit", stage: "compile", code: 1, signal: null },
  ]);
});

Deno.test("a signal that ends a program by default ends the job, and others have no effect", async () => {
  const signals = ["SIGWINCH", "SIGCONT", "SIGINT"].map((signal) => ({ type: "signal", signal }));
  const { received } = await talk(echo(), [INIT, ...signals]);
  assertEquals(received.at(-1), { type: "exit", stage: "run", code: null, signal: "SIGINT" });
});

Deno.test("each fault of a client has Piston's close code", async () => {
  const table: [messages: readonly unknown[], code: number, reason: string][] = [
    [[INIT, INIT], 4000, "Already Initialized"],
    [[], 4001, "Initialization Timeout"],
    [["{"], 4002, "Notified Error"],
    [["[]"], 4002, "Notified Error"],
    [[new TextEncoder().encode(JSON.stringify(INIT))], 4002, "Notified Error"],
    [[{ ...INIT, files: [] }], 4002, "Notified Error"],
    [[INIT, stdin(1)], 4002, "Notified Error"],
    [[stdin("")], 4003, "Not yet initialized"],
    [[{ type: "signal", signal: "SIGINT" }], 4003, "Not yet initialized"],
    [[INIT, { ...stdin(""), stream: "stdout" }], 4004, "Can only write to stdin"],
    [[INIT, { type: "signal", signal: "SIGNOTHING" }], 4005, "Invalid signal"],
    [[{ ...INIT, args: ["x".repeat(2_000)] }], 1009, "A message is at most 2000 bytes long"],
  ];
  const talks = await Promise.all(table.map(([messages]) => talk(echo(), messages)));
  assertEquals(talks.map(({ code, reason }) => [code, reason]), table.map(([, code, reason]) => [code, reason]));
  assertEquals(
    talks.filter(({ code }) => code === 4002).map(({ received }) => (received.at(-1) as { type: string }).type),
    [
      ...["error", "error", "error", "error", "error"],
    ],
  );
});

Deno.test("a job that cannot run is told once, also when input has come for it", async () => {
  const engine: Partial<EnginePort> = {
    submit: () => Promise.reject(new CodeBeakerError("unsupported_language", "no runtime supports it")),
  };
  const { code, received } = await talk(engine, [{ ...INIT, language: "x" }, stdin("a"), stdin("b")]);
  assertEquals([received, code], [[{ type: "error", message: "x-* runtime is unknown" }], 4002]);
});

Deno.test("a client that disconnects ends its job", async () => {
  const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const engine: Partial<EnginePort> = {
    submit(_caller, _request, options = {}) {
      options.signal?.addEventListener("abort", () => cancel());
      begin();
      return Promise.resolve({ id: "exec_1", ended: cancelled.then(() => fakeExecution()) });
    },
  };
  const app = appOf({ engine: fakeEngine(engine) });
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, app.fetch);
  const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}/api/v2/piston/connect`);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.onopen = () => socket.send(JSON.stringify(INIT));
  await begun;
  socket.close();
  await Promise.all([closed, cancelled]);
});
