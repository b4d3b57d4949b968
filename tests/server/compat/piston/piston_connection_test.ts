import { assert, assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import type { Execution } from "../../../../src/core/execution.ts";
import { VERSION } from "../../../../src/core/version.ts";
import type { EnginePort, SubmitOptions } from "../../../../src/engine/port.ts";
import { ByteBudget } from "../../../../src/concurrency/byte_budget.ts";
import { PistonConnection } from "../../../../src/server/compat/piston/piston_connection.ts";
import { ServerSockets, SOCKET_LIMITS, type SocketPeer } from "../../../../src/server/sockets/mod.ts";
import { fakeEngine, fakeExecution, submitted, TESTER } from "../../../support/fake_ports.ts";
import { untilStalled } from "../../../support/until.ts";
import { RawClient } from "../../rpc/raw_client.ts";

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

/** Listens for connections of Piston's. */
function listen(engine: Partial<EnginePort>, { initialiseWithinMs = 600_000 } = {}) {
  const budget = new ByteBudget({ maxBytes: 1_000_000, maxOwnerBytes: 1_000_000 });
  const sockets = new ServerSockets({ ...SOCKET_LIMITS, maxMessageBytes: 2_000 }, budget);
  const parts = { caller: TESTER, engine: fakeEngine(engine), observer: {}, initialiseWithinMs };
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) =>
      sockets.upgrade(request, {
        ...{ protocol: undefined, caller: TESTER, observer: {}, checkKey() {} },
        speak: (peer) => new PistonConnection(peer, parts),
      }),
  );
  return {
    url: `ws://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      await sockets[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
}

/** Sends messages on a connection; gives what comes until its end, and its close code. */
async function talk(
  engine: Partial<EnginePort>,
  messages: readonly unknown[],
  options: Parameters<typeof listen>[1] = {},
) {
  await using server = listen(engine, options);
  const socket = new WebSocket(server.url);
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
  const talks = await Promise.all(
    table.map(([messages]) => talk(echo(), messages, messages.length === 0 ? { initialiseWithinMs: 1 } : {})),
  );
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
  assertEquals([received, code], [[{ type: "error", message: "no runtime supports it" }], 4002]);
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
  await using server = listen(engine);
  const socket = new WebSocket(server.url);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.onopen = () => socket.send(JSON.stringify(INIT));
  await begun;
  socket.close();
  await Promise.all([closed, cancelled]);
});

Deno.test("a program waits for a client that does not read, and ends when that is gone", async () => {
  const chunk = "x".repeat(65_536);
  let printed = 0;
  const ended = Promise.withResolvers<void>();
  await using server = listen({
    submit: (_caller, _request, options = {}) =>
      Promise.resolve(submitted(options, async (print) => {
        for (; printed < 800 && !options.signal?.aborted; printed++) await print(chunk);
        ended.resolve();
      })),
  });
  {
    using client = await RawClient.open(Number(new URL(server.url).port));
    await client.send(JSON.stringify(INIT));
    await untilStalled(() => printed, "the program waits");
    assert(printed * chunk.length < 32 * 1_048_576, `${printed} chunks are on their way`);
  }
  await ended.promise;
});

/** A program that reads nothing until its input has come to "end". */
function lateReader(): Partial<EnginePort> & { readonly read: string[] } {
  const [program, gate] = [echo(), Promise.withResolvers<void>()];
  const read: string[] = [];
  return {
    ...program,
    read,
    async feed(caller, id, input, options = {}) {
      options.signal?.addEventListener("abort", () => gate.resolve());
      if (input.text === "end" || options.signal?.aborted) gate.resolve();
      await gate.promise;
      read.push(input.text ?? "");
      if (input.text === "end") await program.feed?.(caller, id, input, options);
    },
  };
}

Deno.test("input waits for a program that reads late, however many lines it has", async () => {
  const lines = [...Array(200).keys(), "end"].map(String);
  const program = lateReader();
  assertEquals((await talk(program, [INIT, ...lines.map(stdin)])).code, 4999);
  assertEquals(program.read, lines);
});

Deno.test("input that waits is bounded in bytes, of which each message has some of its own", async () => {
  const gone = new AbortController();
  const closed = Promise.withResolvers<number>();
  const sent: string[] = [];
  const peer: SocketPeer = {
    signal: gone.signal,
    protocol: undefined,
    send: (encode) => Promise.resolve(void sent.push(String(encode()))),
    waitForRoom: () => Promise.resolve(),
    close: () => {},
    finish(code) {
      closed.resolve(code);
      gone.abort();
      return Promise.resolve();
    },
  };
  const connection = new PistonConnection(peer, { caller: TESTER, engine: fakeEngine(lateReader()), observer: {} });
  const budget = new ByteBudget({ maxBytes: 40_000, maxOwnerBytes: 40_000 });
  const answer = async (message: object) => {
    using lease = budget.lease("tester");
    await connection.answer(JSON.stringify(message), lease);
  };
  const answered = [INIT, ...Array.from({ length: 10 }, () => stdin("x"))].map(answer);
  assertEquals(await closed.promise, 4002);
  assertEquals(sent.filter((text) => text.includes("too much memory")).length > 0, true);
  await Promise.all(answered);
  assertEquals(budget.heldBytes, 0);
});
