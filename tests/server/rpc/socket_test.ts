import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { Execution } from "../../../src/core/execution.ts";
import type { Observer } from "../../../src/engine/observer.ts";
import type { Caller } from "../../../src/engine/port.ts";
import { ByteBudget } from "../../../src/concurrency/byte_budget.ts";
import { fakeExecution, fakeSession, submitted, TESTER } from "../../support/fake_ports.ts";
import { until, untilStalled } from "../../support/until.ts";
import { Door } from "./door.ts";
import { RawClient } from "./raw_client.ts";

/** What a program prints in pieces of 64 KiB where it is to print too much for one that does not read. */
const CHUNKS = 1_024;

const CODE = { language: "ts", code: "1" };

/** A request that is answered without more. */
function list(id?: number) {
  return { jsonrpc: "2.0", method: "language.list", ...(id === undefined ? {} : { id }) };
}

/** An engine whose programs end when they are cancelled, and a count of what came of them. */
function patientEngine() {
  const seen = { begun: 0, cancelled: 0 };
  const engine = {
    submit: (_caller: Caller, _request: unknown, options: Parameters<typeof submitted>[0] = {}) => {
      seen.begun++;
      const { promise, resolve } = Promise.withResolvers<ReturnType<typeof fakeExecution>>();
      options.signal?.addEventListener("abort", () => {
        seen.cancelled++;
        resolve(fakeExecution({ outcome: { kind: "cancelled" }, exitCode: null }));
      });
      return Promise.resolve({ id: "exec_1", ended: promise });
    },
  };
  return { seen, engine };
}

Deno.test("a message that is no JSON is -32700 with the problem, and the connection goes on", async () => {
  await using door = new Door();
  const client = await door.connect();
  for (const text of ["{", "", "nul", "[1,"]) {
    const { jsonrpc, id, error } = await client.ask(text);
    assertEquals([text, jsonrpc, id, error.code, error.data.code], [text, "2.0", null, -32700, "invalid_request"]);
  }
  assertEquals((await client.call("language.list")).result, { languages: [] });
});

Deno.test("a message that is too deep or holds too many values is refused before it is read, and the connection goes on", async () => {
  await using door = new Door();
  const client = await door.connect();
  const cases: readonly (readonly [string, number, string])[] = [["[".repeat(30_000), -32602, "invalid_request"], [
    `[${"1,".repeat(31_000)}1]`,
    -32013,
    "too_large",
  ]];
  for (const [text, code, name] of cases) {
    const { id, error } = await client.ask(text);
    assertEquals([id, error.code, error.data.code], [null, code, name]);
  }
  assertEquals((await client.call("language.list")).result, { languages: [] });
});

Deno.test("a binary frame is -32700, and the connection goes on", async () => {
  await using door = new Door();
  const client = await door.connect();
  const { id, error } = await client.ask(new TextEncoder().encode(JSON.stringify(list(1))));
  assertEquals([id, error.code], [null, -32700]);
  assertStringIncludes(error.message, "binary");
  assertEquals((await client.call("language.list")).result, { languages: [] });
});

Deno.test("an unknown method is -32601 and names the nearest", async () => {
  await using door = new Door();
  const client = await door.connect();
  const { error } = await client.call("execution.runn", CODE);
  assertEquals([error?.code, error?.data.code], [-32601, "not_found"]);
  assertStringIncludes(error?.message ?? "", 'did you mean "execution.run"?');
  for (const method of ["session.fork", "__proto__", "constructor", "toString", "", "x".repeat(10_000)]) {
    assertEquals((await client.call(method)).error?.code, -32601);
  }
});

Deno.test("the names of methods are matched without regard to case", async () => {
  await using door = new Door();
  const client = await door.connect();
  for (const method of ["language.list", "Language.List", "LANGUAGE.LIST"]) {
    assertEquals((await client.call(method)).result, { languages: [] });
  }
});

Deno.test("parameters by position, and such as are off, are -32602 and say where", async () => {
  await using door = new Door();
  const client = await door.connect();
  assertEquals((await client.call("execution.run", [1])).error?.code, -32602);
  const { error } = await client.call("execution.status", { executionId: 7 });
  assertEquals([error?.code, error?.data.code, error?.data.errors[0].path], [-32602, "invalid_request", "executionId"]);
  assertEquals((await client.call("execution.status")).error?.data.errors[0].path, "executionId");
});

Deno.test("what is no CodeBeakerError is -32603, without its text", async () => {
  await using door = new Door({ engine: { select: () => Promise.reject(new Error("the secret")) } });
  const client = await door.connect();
  const { error } = await client.call("runtime.select", { language: "ts" });
  assertEquals([error?.code, error?.message, error?.data.code], [-32603, "Internal error", "internal"]);
  assertEquals(JSON.stringify(error).includes("secret"), false);
});

Deno.test("an error has the code of the wire contract's table, and the problem as its data", async () => {
  const details = { retryAfterMs: 1_200 };
  const busy = new CodeBeakerError("busy", "Cannot run now", { details });
  await using door = new Door({ engine: { submit: () => Promise.reject(busy) } });
  const client = await door.connect();
  const { error } = await client.call("execution.run", CODE);
  assertEquals([error?.code, error?.message], [-32029, "Cannot run now"]);
  assertEquals([error?.data.status, error?.data.retryAfterMs, typeof error?.data.requestId], [429, 1_200, "string"]);
});

Deno.test("a batch is answered as one, in its order and without its notifications", async () => {
  await using door = new Door();
  const client = await door.connect();
  const unknown = { jsonrpc: "2.0", method: "foo", id: "5" };
  const replies = await client.ask([list(101), list(), 1, null, {}, unknown, { ...list(102), jsonrpc: "1.0" }]);
  assertEquals(
    replies.map(({ id, error }: { id: unknown; error?: { code: number } }) => [id, error?.code]),
    [[101, undefined], [null, -32600], [null, -32600], [null, -32600], ["5", -32601], [102, -32600]],
  );
});

Deno.test("a batch of one is answered by a list, and one of notifications not at all", async () => {
  await using door = new Door();
  const client = await door.connect();
  client.send([list(), list()]);
  client.send(list());
  const replies = await client.ask([list(103)]);
  assertEquals(replies, [{ jsonrpc: "2.0", id: 103, result: { languages: [] } }]);
});

Deno.test("a batch that is empty or too long is -32600", async () => {
  await using door = new Door({ limits: { maxRequests: 2 } });
  const client = await door.connect();
  for (const batch of [[], [list(101), list(102), list(103)]]) {
    const { id, error } = await client.ask(batch);
    assertEquals([id, error.code], [null, -32600]);
  }
  assertEquals((await client.ask([list(101), list(102)])).length, 2);
});

Deno.test("a request that takes long does not hold one that does not", async () => {
  const gate = Promise.withResolvers<[]>();
  await using door = new Door({
    engine: { describeRuntimes: () => gate.promise },
    sessions: { show: () => fakeSession(), close: () => Promise.resolve() },
  });
  const client = await door.connect();
  const order: string[] = [];
  const slow = client.call("runtime.list").then(() => order.push("slow"));
  await client.call("session.close", { sessionId: "sess_1" }).then(() => order.push("quick"));
  gate.resolve([]);
  await slow;
  assertEquals(order, ["quick", "slow"]);
});

Deno.test("more requests than a connection may have under way are busy, and there is room again afterwards", async () => {
  const gate = Promise.withResolvers<[]>();
  await using door = new Door({ engine: { describeRuntimes: () => gate.promise }, limits: { maxRequests: 2 } });
  const client = await door.connect();
  const refused: (number | undefined)[] = [];
  const calls = Array.from({ length: 3 }, async () => {
    const { error } = await client.call("runtime.list");
    if (error !== undefined) refused.push(error.code);
  });
  await until(() => refused.length > 0, "one is refused");
  gate.resolve([]);
  await Promise.all(calls);
  assertEquals(refused, [-32029]);
  assertEquals((await client.call("runtime.list")).result, { runtimes: [] });
});

Deno.test("more large messages than a tenant may have under way are busy, over whichever connections they come", async () => {
  const gate = Promise.withResolvers<[]>();
  const requests = new ByteBudget({ maxBytes: 400_000, maxOwnerBytes: 400_000 });
  await using door = new Door({
    engine: { describeRuntimes: () => gate.promise },
    limits: { maxMessageBytes: 100_000 },
    requests,
  });
  const [client, other] = [await door.connect(), await door.connect()];
  const large = { padding: "x".repeat(90_000) };
  const held = [client, other, client, other].map((each) => each.call("runtime.list", large));
  await until(() => requests.heldBytes > 360_000, "they are taken in");
  assertEquals((await client.call("runtime.list", large)).error?.code, -32029);
  assertEquals((await other.call("runtime.list", large)).error?.code, -32029);
  assertEquals((await client.call("execution.status", { executionId: 1 })).error?.code, -32602);
  gate.resolve([]);
  assertEquals((await Promise.all(held)).map(({ error }) => error), [undefined, undefined, undefined, undefined]);
  assertEquals((await client.call("runtime.list", large)).error, undefined);
  assertEquals(requests.heldBytes, 0);
});

Deno.test("a message is held for as long as the execution that it became, and not only until it is answered", async () => {
  const ended = Promise.withResolvers<Execution>();
  const requests = new ByteBudget({ maxBytes: 400_000, maxOwnerBytes: 400_000 });
  await using door = new Door({
    engine: { submit: () => Promise.resolve({ id: "exec_1", ended: ended.promise }) },
    requests,
  });
  const client = await door.connect();
  const answer = await client.call("execution.run", { language: "typescript", code: "1", stdin: "x".repeat(10_000) });
  assertEquals(answer.result?.status, "queued");
  assert(requests.heldBytes > 10_000);
  ended.reject(new CodeBeakerError("busy", "It never ran"));
  await until(() => requests.heldBytes === 0, "it is given back");
});

Deno.test("a slow reader can end what floods it", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const chunk = new Uint8Array(65_536).fill(120);
  let printed = 0;
  let isCancelled = false;
  await using door = new Door({
    engine: {
      submit: (_caller, _request, options = {}) =>
        Promise.resolve(submitted(options, async (print) => {
          for (; !isCancelled && printed < CHUNKS; printed++) await print(chunk);
          resolve();
        })),
      cancel: () => {
        isCancelled = true;
      },
    },
  });
  using client = await RawClient.open(door.port);
  const run = { jsonrpc: "2.0", id: 1, method: "execution.run", params: { ...CODE, stream: true } };
  await client.send(JSON.stringify(run));
  await untilStalled(() => printed, "the program waits");
  await client.send(JSON.stringify({ ...run, id: 2, method: "execution.cancel", params: { executionId: "exec_1" } }));
  await until(() => isCancelled, "it is cancelled though nothing was read");
  for (let message = await client.read(); message.method !== "execution.completed";) message = await client.read();
  await promise;
  assertEquals(isCancelled, true);
});

Deno.test("what waits for a reader that goes away is never done", async () => {
  const chunk = new Uint8Array(65_536).fill(120);
  let printed = 0;
  let listed = 0;
  let isAsked = false;
  const refused: string[] = [];
  await using door = new Door({
    engine: {
      submit: (_caller, _request, options = {}) =>
        Promise.resolve(submitted(options, async (print) => {
          for (; options.signal?.aborted === false && printed < CHUNKS; printed++) await print(chunk);
        })),
      cancel: () => {
        isAsked = true;
      },
    },
    sessions: {
      list: () => {
        listed++;
        return { sessions: [] };
      },
    },
    observer: { refused: ({ what, error }) => refused.push(`${what} ${error.code}`) },
  });
  {
    using client = await RawClient.open(door.port);
    const run = { jsonrpc: "2.0", id: 1, method: "execution.run", params: { ...CODE, stream: true, wait: true } };
    await client.send(JSON.stringify(run));
    await untilStalled(() => printed, "the program waits");
    await client.send(JSON.stringify({ jsonrpc: "2.0", id: 2, method: "session.list" }));
    await client.send(JSON.stringify({ ...run, id: 3, method: "execution.cancel", params: { executionId: "exec_1" } }));
    await until(() => isAsked, "what was sent last is asked, as it does not wait");
  }
  await until(() => refused.length > 0, "what waited has come to its end");
  assertEquals([listed, refused], [0, ["session.list conflict"]]);
});

Deno.test("a message over its limit closes the connection with 1009, counted in bytes", async () => {
  await using door = new Door({ limits: { maxMessageBytes: 3_000 } });
  const fits = await door.connect();
  assertEquals((await fits.call("language.list", { x: "é".repeat(1_000) })).error, undefined);
  const tooLong = ["x".repeat(3_001), "é".repeat(1_501), "€".repeat(1_001), new Uint8Array(3_001)];
  for (const message of tooLong) {
    const client = await door.connect();
    client.send(message);
    assertEquals((await client.closed).code, 1009);
  }
  assertEquals((await fits.call("language.list")).error, undefined);
});

Deno.test("a connection too many is refused with busy, for the service and for a tenant", async () => {
  function caller(request: Request): Caller {
    return { principal: { ...TESTER.principal, tenant: request.headers.get("x-tenant") ?? "tester" } };
  }
  await using door = new Door({ caller, limits: { maxSockets: 3, maxSocketsPerTenant: 2 } });

  async function knock(tenant: string): Promise<unknown[]> {
    const headers = {
      "x-tenant": tenant,
      "connection": "Upgrade",
      "upgrade": "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    const response = await door.knock(headers);
    return [response.status, response.code];
  }

  const first = await door.connect();
  await door.connect();
  assertEquals(await knock("tester"), [429, "busy"]);
  using _other = await RawClient.open(door.port, { "x-tenant": "other" });
  assertEquals(await knock("third"), [429, "busy"]);
  await first.close();
  await until(() => door.sockets.count === 2, "the closed connection is counted no more");
  assertEquals((await (await door.connect()).call("language.list")).result, { languages: [] });
});

Deno.test("a request that asks for no WebSocket is invalid_request", async () => {
  await using door = new Door();
  const response = await fetch(`${door.url}/ws/jsonrpc`);
  assertEquals([response.status, (await response.json()).code], [400, "invalid_request"]);
});

Deno.test("a client that closes cancels what it waited for", async () => {
  const { seen, engine } = patientEngine();
  await using door = new Door({ engine });
  const client = await door.connect();
  const run = client.call("execution.run", { ...CODE, wait: true });
  run.catch(() => {});
  await until(() => seen.begun === 1, "the program begins");
  await client.close();
  await until(() => seen.cancelled === 1, "the program is cancelled");
  await until(() => door.sockets.count === 0, "the connection is counted no more");
});

Deno.test("a client that vanishes cancels what it waited for, and not what it did not wait for", async () => {
  const { seen, engine } = patientEngine();
  const commands: AbortSignal[] = [];
  await using door = new Door({
    engine,
    sessions: {
      show: () => fakeSession(),
      command: (_caller, _id, _command, options) => {
        if (options?.signal !== undefined) commands.push(options.signal);
        return new Promise(() => {});
      },
    },
  });
  {
    using client = await RawClient.open(door.port);
    const async = { jsonrpc: "2.0", id: 1, method: "execution.run", params: CODE };
    await client.send(JSON.stringify(async));
    assertEquals((await client.read()).result.status, "queued");
    await client.send(JSON.stringify({ ...async, params: { ...CODE, wait: true } }));
    const params = { sessionId: "sess_1", command: { type: "execute_code", code: "1" } };
    await client.send(JSON.stringify({ ...async, method: "session.execute", params }));
    await until(() => seen.begun === 2 && commands.length === 1, "all three begin");
  }
  await until(() => seen.cancelled === 1 && commands[0]?.aborted === true, "the two are cancelled");
  assertEquals([seen.begun, seen.cancelled], [2, 1]);
});

Deno.test("a slow reader makes its program wait, and misses nothing", async () => {
  const chunk = new Uint8Array(65_536).fill(120);
  let printed = 0;
  await using door = new Door({
    engine: {
      submit: (_caller, _request, options = {}) =>
        Promise.resolve(submitted(options, async (print) => {
          for (; printed < CHUNKS; printed++) await print(chunk);
        })),
    },
  });
  using client = await RawClient.open(door.port);
  const params = { ...CODE, stream: true };
  await client.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "execution.run", params }));
  await untilStalled(() => printed, "the program waits");
  assertEquals(printed < CHUNKS / 2, true);
  let characters = 0;
  let next = 0;
  for (let message = await client.read(); message.method !== "execution.completed"; message = await client.read()) {
    if (message.method !== "execution.output") continue;
    assertEquals(message.params.seq, next++);
    characters += message.params.text.length;
  }
  assertEquals([printed, characters], [CHUNKS, CHUNKS * chunk.length]);
});

Deno.test("a client that sends and does not read is cut off", async () => {
  const environments = [{ name: "x".repeat(300_000), available: true }];
  const runtimes = [{ name: "fake", type: "Deno", available: true, environments }];
  let calls = 0;
  await using door = new Door({
    engine: {
      describeRuntimes: () => {
        calls++;
        return Promise.resolve(runtimes as never);
      },
    },
    limits: { maxRequests: 4 },
  });
  {
    using client = await RawClient.open(door.port);
    const request = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "language.list" });
    for (let sent = 0; sent < 1_000; sent++) await client.send(request);
    await untilStalled(() => calls, "its requests are not taken any more");
    assertEquals(calls < 500, true);
    let answers = 0;
    while (answers < 500 && await client.read() !== undefined) answers++;
    assertEquals(answers < 500, true);
  }
  await until(() => door.sockets.count === 0, "the connection is counted no more");
});

Deno.test("a client that takes nothing for too long of what its program prints is cut off, and the program ends", async () => {
  const chunk = new Uint8Array(65_536).fill(120);
  let ended: AbortSignal | undefined;
  await using door = new Door({
    engine: {
      submit: (_caller, _request, options = {}) =>
        Promise.resolve(submitted(options, async (print) => {
          ended = options.signal;
          while (!options.signal?.aborted) await print(chunk);
        })),
    },
    limits: { maxStallMs: 300 },
  });
  using client = await RawClient.open(door.port);
  const params = { ...CODE, stream: true, wait: true };
  await client.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "execution.run", params }));
  await until(() => ended?.aborted === true, "the program is ended");
});

Deno.test("a connection on which nothing comes is pinged, and closed when it does not answer", async () => {
  await using door = new Door({ limits: { idleTimeoutMs: 2_000 } });
  const answering = await door.connect();
  using silent = await RawClient.open(door.port);
  await Promise.all([silent.read(), until(() => door.sockets.count === 1, "the one that does not answer is closed")]);
  assertEquals(silent.pings > 0, true);
  assertEquals((await answering.call("language.list")).result, { languages: [] });
});

Deno.test("shutting down cancels what runs, answers what was asked, and closes with 1001", async () => {
  const { seen, engine } = patientEngine();
  await using door = new Door({ engine });
  const [client, idle] = [await door.connect(), await door.connect()];
  const run = client.call("execution.run", { ...CODE, wait: true });
  await until(() => seen.begun === 1, "the program begins");
  await door.sockets[Symbol.asyncDispose]();
  assertEquals((await run).result.outcome, { kind: "cancelled" });
  assertEquals([(await client.closed).code, (await idle.closed).code], [1001, 1001]);
  const response = await door.knock({});
  assertEquals([response.status, response.code], [429, "busy"]);
});

Deno.test("a key without the scope of a method is permission_denied, and the observer hears of it", async () => {
  const refusals: Parameters<Required<Observer>["refused"]>[0][] = [];
  const principal = { ...TESTER.principal, scopes: ["sessions"] as const };
  await using door = new Door({
    caller: () => ({ principal, requestId: "abc" }),
    observer: { refused: (refusal) => refusals.push(refusal) },
    sessions: { list: () => ({ sessions: [] }) },
  });
  const client = await door.connect();
  for (const method of ["execution.run", "runtime.select"]) {
    const { error } = await client.call(method, {});
    assertEquals([method, error?.code, error?.data.code], [method, -32003, "permission_denied"]);
    assertEquals(refusals.at(-1)?.what, method);
  }
  assertEquals(refusals.every(({ caller }) => caller?.requestId?.startsWith("abc.")), true);
  assertEquals((await client.call("session.list")).result, { count: 0, sessions: [] });
  for (const method of ["initialize", "execution.status", "execution.cancel", "execution.stdin", "runtime.list"]) {
    const code = (await client.call(method, [])).error?.code;
    assertEquals([method, code], [method, -32602]); // Any key may call it, as over HTTP.
  }
});

Deno.test("a key without the scope sessions works with none", async () => {
  const principal = { ...TESTER.principal, scopes: ["execute"] as const };
  await using door = new Door({ caller: () => ({ principal }) });
  const client = await door.connect();
  for (const method of ["session.create", "session.execute", "session.list", "session.close"]) {
    assertEquals((await client.call(method, {})).error?.code, -32003);
  }
  assertEquals((await client.call("language.list")).result, { languages: [] });
});

Deno.test("a key that is revoked ends the connection that it opened", async () => {
  let isRevoked = false;
  const keys = {
    hasKeys: () => true,
    authenticate: () => {
      if (isRevoked) throw new CodeBeakerError("unauthorized", "Cannot serve this key");
      return TESTER.principal;
    },
  };
  await using door = new Door({ keys });
  const client = await door.connect();
  assertEquals((await client.call("language.list")).result, { languages: [] });
  isRevoked = true;
  client.send(list(1));
  const { code, reason } = await client.closed;
  assertEquals([code, reason], [1008, "The key is no longer valid"]);
});
