import { assertEquals, assertStringIncludes } from "@std/assert";
import { CLEAR_OUTPUT_TYPE, readDisplay } from "../../../../src/core/cell.ts";
import { unlessAborted } from "../../../../src/commands/mod.ts";
import { ByteBudget } from "../../../../src/concurrency/byte_budget.ts";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import type { Execution, OutputChunk } from "../../../../src/core/execution.ts";
import type { SubmitOptions } from "../../../../src/engine/port.ts";
import { Kernel } from "../../../../src/server/compat/jupyter/kernel.ts";
import type { KernelClient } from "../../../../src/server/compat/jupyter/kernel_clients.ts";
import type { Message, Request } from "../../../../src/server/compat/jupyter/messages.ts";
import type { ContextsPort } from "../../../../src/sessions/port.ts";
import { fakeExecution, fakeSessions, TESTER } from "../../../support/fake_ports.ts";
import { until } from "../../../support/until.ts";

/** What a cell does: it has its options, and gives its end. */
type Body = (options: SubmitOptions) => Promise<Partial<Execution>> | Partial<Execution>;

/** A kernel whose code is the name of a body. */
function kernelOf(
  bodies: Readonly<Record<string, Body>>,
  { closed = Promise.resolve(), missed = new ByteBudget({ maxBytes: 8_000_000, maxOwnerBytes: 8_000_000 }) }: {
    readonly closed?: Promise<void>;
    readonly missed?: ByteBudget | undefined;
  } = {},
) {
  const facts = { evaluated: [] as string[], closed: [] as string[], context: "" };
  const session = new AbortController();
  const contextId = () => `ctx_${facts.closed.length}${facts.context}`;
  const contexts: Partial<ContextsPort> = {
    findDefault: () => Promise.resolve(contextId()),
    submit: (id, { code }, options = {}) => {
      if (id !== contextId()) return Promise.reject(new CodeBeakerError("conflict", "It is lost"));
      facts.evaluated.push(code);
      const onOutput = (chunk: OutputChunk) => unlessAborted(options.signal, options.onOutput?.(chunk));
      const body = bodies[code]?.({ ...options, onOutput }) ?? {};
      const ended = Promise.resolve(body).then((parts) => fakeExecution(parts));
      return Promise.resolve({ id: "exec_1", ended });
    },
    close: (id) => Promise.resolve(void facts.closed.push(id)),
  };
  const sessions = fakeSessions({
    contexts: () => contexts as ContextsPort,
    close: () => {
      session.abort();
      return closed;
    },
  });
  const kernel = new Kernel({ sessions, sessionId: "sess_1", language: "python", closing: session.signal, missed });
  return Object.assign(kernel, { facts, closeSession: () => session.abort() });
}

/** A client that writes down what it gets. */
function clientOf(id: string) {
  const got: Message[] = [];
  const closed: string[] = [];
  const client: KernelClient = {
    ...{ id, caller: TESTER, isBehind: () => false },
    send: (message) => Promise.resolve(void got.push(message)),
    close: (reason) => void closed.push(reason),
  };
  return Object.assign(client, {
    closed,
    got,
    /** The types of what it got, with the state of a status. */
    types: () =>
      got.map(({ content, header }) => "execution_state" in content ? content.execution_state : header.msg_type),
  });
}

function request(type: string, content: object = {}, channel: Request["channel"] = "shell"): Request {
  return { channel, header: { msg_id: type, msg_type: type }, content: { ...content } };
}

const execute = (code: string, more: object = {}) => request("execute_request", { code, ...more });
const failed: Body = () => ({
  outcome: { kind: "exited", exitCode: 1 },
  error: { name: "E", message: "m", traceback: "a\nb" },
});
const untilInterrupted: Body = ({ signal }) =>
  new Promise((resolve) =>
    signal?.addEventListener("abort", () => resolve({ outcome: { kind: "cancelled" }, exitCode: null }))
  );

/** Has a kernel print 3 MB after its client has left. */
async function floodAfterLeaving(missed?: ByteBudget) {
  let left = Promise.withResolvers<void>();
  const kernel = kernelOf({
    flood: async ({ onOutput }) => {
      await left.promise;
      for (let count = 0; count < 30; count++) {
        await onOutput?.({ stream: "stdout", bytes: new Uint8Array(100_000).fill(0x78) });
      }
      return {};
    },
  }, { missed });
  const flood = async () => {
    left = Promise.withResolvers<void>();
    const [client, before] = [clientOf("a"), kernel.facts.evaluated.length];
    kernel.clients.connect(client);
    const answered = kernel.answer(execute("flood"), client);
    await until(() => kernel.facts.evaluated.length > before, "the code runs");
    kernel.clients.disconnect(client);
    left.resolve();
    await answered;
  };
  await flood();
  return Object.assign(kernel, { flood });
}

Deno.test("Kernel: code asks the client that sent it for a line, where the client takes questions", async () => {
  const [first, second] = [clientOf("a"), clientOf("b")];
  const signal = new AbortController();
  const kernel = kernelOf({
    asks: async ({ onInput }) => ({
      text: await onInput?.({ prompt: "name? ", isSecret: true }, signal) ?? "no answer",
      valueType: "json",
    }),
  });
  for (const client of [first, second]) kernel.clients.connect(client);
  const resultOf = async (more: object, reply?: () => void) => {
    first.got.length = 0;
    const answered = kernel.answer(execute("asks", more), first);
    if (reply !== undefined) await until(() => first.types().includes("input_request"), "the client is asked");
    reply?.();
    await answered;
    return first.got.find(({ header }) => header.msg_type === "execute_result")?.content;
  };
  const reply = (client: KernelClient, value: string) =>
    void kernel.answer(request("input_reply", { value }, "stdin"), client);
  const given = await resultOf({ allow_stdin: true }, () => {
    reply(second, "of another client");
    reply(first, "otter");
  });
  assertEquals(given, { execution_count: 1, data: { "text/plain": "otter" }, metadata: {} });
  const asked = first.got.find(({ channel }) => channel === "stdin");
  assertEquals(asked?.content, { prompt: "name? ", password: true });
  assertEquals(asked?.parent_header, execute("asks").header);
  assertEquals(second.types().includes("input_request"), false);
  const refused = await resultOf({ allow_stdin: false });
  assertEquals(refused, { execution_count: 2, data: { "text/plain": "no answer" }, metadata: {} });
  const interrupted = await resultOf({ allow_stdin: true }, () => signal.abort());
  assertEquals(interrupted, { execution_count: 3, data: { "text/plain": "no answer" }, metadata: {} });
});

Deno.test("Kernel: code gives its input, output, displays and value in order, between busy and idle, to every client", async () => {
  const [first, second] = [clientOf("a"), clientOf("b")];
  const kernel = kernelOf({
    code: async ({ onDisplay, onOutput }) => {
      const [half, rest] = [[0xc3], [0xa9]].map((bytes) => new Uint8Array(bytes));
      for (const bytes of [half, rest]) await onOutput?.({ stream: "stdout", bytes: bytes ?? new Uint8Array() });
      await onOutput?.({ stream: "stderr", bytes: new Uint8Array([0x65]), isOfError: true });
      await onDisplay?.({ "image/png": "x" });
      return { text: "False", value: false, valueType: "json" };
    },
  });
  for (const client of [first, second]) kernel.clients.connect(client);
  await kernel.answer(execute("code"), first);
  const published = ["busy", "execute_input", "stream", "display_data", "execute_result"];
  assertEquals(first.types(), [...published, "execute_reply", "idle"]);
  assertEquals(second.types(), [...published, "idle"]);
  const [, input, stream, , result, reply] = first.got.map(({ content }) => content);
  assertEquals(input, { code: "code", execution_count: 1 });
  assertEquals(stream, { name: "stdout", text: "é" });
  assertEquals(result, { execution_count: 1, data: { "text/plain": "False" }, metadata: {} });
  assertEquals(reply, { status: "ok", execution_count: 1, user_expressions: {}, payload: [] });
  assertEquals(
    first.got.every(({ parent_header }) => "msg_id" in parent_header && parent_header.msg_id === "execute_request"),
    true,
  );
});

Deno.test("Kernel: a line without an end goes before the display, the question and the value behind it", async () => {
  const client = clientOf("a");
  const kernel = kernelOf({
    cell: async ({ onDisplay, onInput, onOutput }) => {
      const print = async (text: string) =>
        await onOutput?.({ stream: "stdout", bytes: new TextEncoder().encode(text) });
      for (const text of ["a", " ", "b"]) await print(text);
      await onDisplay?.({ "text/plain": "d" });
      await print("c");
      await onInput?.({ prompt: "p", isSecret: false }, { signal: AbortSignal.abort() });
      await print("e");
      return { outcome: { kind: "exited", exitCode: 0 }, text: "1" };
    },
  });
  kernel.clients.connect(client);
  await kernel.answer(execute("cell", { allow_stdin: true }), client);
  const between = client.got.slice(2, -2).map(({ content, header }) => [
    header.msg_type,
    "text" in content ? content.text : "",
  ]);
  assertEquals(between, [
    ["stream", "a b"],
    ["display_data", ""],
    ["stream", "c"],
    ["input_request", ""],
    ["stream", "e"],
    ["execute_result", ""],
  ]);
});

Deno.test("Kernel: a display that clears is a message of its own", async () => {
  const client = clientOf("a");
  const kernel = kernelOf({
    code: async ({ onDisplay }) => {
      for (const wait of [true, false]) await onDisplay?.({ [CLEAR_OUTPUT_TYPE]: { wait } });
      return {};
    },
  });
  kernel.clients.connect(client);
  await kernel.answer(execute("code"), client);
  assertEquals(client.types().slice(2, 4), ["clear_output", "clear_output"]);
  assertEquals(client.got.slice(2, 4).map(({ content }) => content), [{ wait: true }, { wait: false }]);
});

Deno.test("Kernel: a display that a cell has shown after its value comes after the value", async () => {
  const client = clientOf("a");
  const late = readDisplay({ "image/png": "late", "application/vnd.codebeaker.after-value+json": true });
  const kernel = kernelOf({
    code: async ({ onDisplay }) => {
      for (const data of [{ "image/png": "early" }, late]) await onDisplay?.(data);
      return { text: "1", value: 1, valueType: "json" };
    },
  });
  kernel.clients.connect(client);
  await kernel.answer(execute("code"), client);
  assertEquals(client.types().slice(2, 5), ["display_data", "execute_result", "display_data"]);
  const content = client.got[4]?.content ?? {};
  assertEquals("data" in content && content.data, { "image/png": "late" });
});

Deno.test("Kernel: silent code publishes nothing, and counts no more than code without history does", async () => {
  const client = clientOf("a");
  const kernel = kernelOf({ failed, value: () => ({ value: 1, text: "1" }) });
  kernel.clients.connect(client);
  await kernel.answer(execute("value", { silent: true }), client);
  await kernel.answer(execute("failed", { silent: true }), client);
  assertEquals(client.types(), ["busy", "execute_reply", "idle", "busy", "execute_reply", "idle"]);
  const failing = kernel.answer(execute("failed", { silent: true }), client); // It aborts nothing that waits.
  await Promise.all([failing, kernel.answer(execute("value", { store_history: false }), client)]);
  await kernel.answer(execute("value"), client);
  const counts = client.got.map(({ content }) => "execution_count" in content ? content.execution_count : undefined);
  assertEquals(counts.filter((count) => count !== undefined), [0, 0, 0, 0, 0, 0, 1, 1, 1]);
});

Deno.test("Kernel: code that fails aborts what waits, unless it says otherwise", async () => {
  for (const stop_on_error of [true, false]) {
    const client = clientOf("a");
    const kernel = kernelOf({ failed });
    kernel.clients.connect(client);
    await Promise.all([execute("failed", { stop_on_error }), execute("next")].map((one) => kernel.answer(one, client)));
    await kernel.answer(execute("later"), client);
    const replies = client.got.filter(({ header }) => header.msg_type === "execute_reply").map(({ content }) =>
      content
    );
    const statuses = replies.map((content) => "status" in content ? content.status : undefined);
    assertEquals(statuses, ["error", stop_on_error ? "aborted" : "ok", "ok"]);
    assertEquals(kernel.facts.evaluated, stop_on_error ? ["failed", "later"] : ["failed", "next", "later"]);
    const error = client.got.find(({ header }) => header.msg_type === "error")?.content;
    assertEquals(error, { ename: "E", evalue: "m", traceback: ["a", "b"] });
  }
});

Deno.test("Kernel: an interrupt reaches what runs, from either side, before what waits is answered", async () => {
  const client = clientOf("a");
  const kernel = kernelOf({ loop: untilInterrupted });
  kernel.clients.connect(client);
  for (
    const interrupt of [
      () => kernel.interrupt(),
      () => kernel.answer(request("interrupt_request", {}, "control"), client),
    ]
  ) {
    const answered = kernel.answer(execute("loop"), client);
    const waiting = kernel.answer(request("kernel_info_request"), client);
    await until(() => kernel.facts.evaluated.length > 0, "the code runs");
    assertEquals([kernel.state, client.types().includes("kernel_info_reply")], ["busy", false]);
    await interrupt();
    await Promise.all([answered, waiting]);
    const error = client.got.find(({ header }) => header.msg_type === "error")?.content as { ename: string };
    assertEquals([error.ename, kernel.state, client.types().includes("kernel_info_reply")], [
      "cancelled",
      "idle",
      true,
    ]);
    client.got.splice(0);
    kernel.facts.evaluated.splice(0);
  }
});

Deno.test("Kernel: a restart ends what runs, aborts what waits, and begins to count anew", async () => {
  const client = clientOf("a");
  const kernel = kernelOf({ loop: untilInterrupted });
  kernel.clients.connect(client);
  await kernel.answer(execute("before"), client);
  const answered = [execute("loop"), execute("next")].map((one) => kernel.answer(one, client));
  await until(() => kernel.facts.evaluated.includes("loop"), "the code runs");
  await kernel.restart(TESTER);
  await Promise.all(answered);
  await kernel.answer(execute("after"), client);
  assertEquals([kernel.facts.evaluated, kernel.facts.closed], [["before", "loop", "after"], ["ctx_0"]]);
  assertEquals(client.types().includes("restarting"), false); // It says that the kernel has died.
  assertEquals(client.types().includes("starting"), true);
  const sessions = new Set(client.got.map(({ header }) => header.session));
  const { execution_count } = client.got.at(-2)?.content as { execution_count: number };
  assertEquals([sessions.size, execution_count], [2, 1]);
});

Deno.test("Kernel: code that ends behind a restart aborts nothing that came since", async () => {
  const client = clientOf("a");
  const gate = Promise.withResolvers<void>();
  const kernel = kernelOf({ late: () => gate.promise.then(() => ({ outcome: { kind: "cancelled" } })) });
  const answered = [kernel.answer(execute("late"), client)];
  await until(() => kernel.facts.evaluated.length > 0, "the code runs");
  await kernel.restart(TESTER);
  answered.push(kernel.answer(execute("after"), client));
  gate.resolve();
  await Promise.all(answered);
  assertEquals(kernel.facts.evaluated, ["late", "after"]);
});

Deno.test("Kernel: a lost context is told as a restart, and a closed session as the kernel's death", async () => {
  const client = clientOf("a");
  const kernel = kernelOf({ exit: () => ({ contextLost: true }) });
  kernel.clients.connect(client);
  await kernel.answer(execute("exit"), client);
  assertEquals(client.types().slice(-4), ["error", "execute_reply", "idle", "restarting"]);
  assertStringIncludes(JSON.stringify(client.got), "restarted without its variables");
  kernel.closeSession();
  await Promise.resolve();
  assertEquals([client.types().at(-1), client.closed, kernel.clients.count], ["dead", ["The kernel is shut down"], 0]);
});

Deno.test("Kernel: a shutdown is answered, and closes the session and every connection", async () => {
  const [client, other] = [clientOf("a"), clientOf("b")];
  const kernel = kernelOf({});
  for (const one of [client, other]) kernel.clients.connect(one);
  await kernel.answer(request("shutdown_request", { restart: false }, "control"), client);
  await Promise.resolve();
  assertEquals(client.types(), ["busy", "shutdown_reply", "idle", "dead"]);
  assertEquals([client.closed.length, other.closed.length], [1, 1]);
});

Deno.test("Kernel: a shutdown is answered behind the code that it ends", async () => {
  const client = clientOf("a");
  const closed = Promise.withResolvers<void>();
  const kernel = kernelOf({ loop: untilInterrupted }, { closed: closed.promise });
  kernel.clients.connect(client);
  const answered = kernel.answer(execute("loop"), client);
  await until(() => kernel.facts.evaluated.length > 0, "the code runs");
  const shutDown = kernel.answer(request("shutdown_request", { restart: false }, "control"), client);
  await answered;
  closed.resolve();
  await shutDown;
  const [ended, shut] = [["error", "execute_reply", "idle"], ["shutdown_reply", "idle", "dead"]];
  assertEquals(client.types(), ["busy", "execute_input", "busy", ...ended, ...shut]);
});

Deno.test("Kernel: a session that closes ends what runs and aborts what waits, whose answers come before the kernel's death", async () => {
  const client = clientOf("a");
  const outcome = { kind: "interrupted", reason: "the session ends" } as const;
  const kernel = kernelOf({
    loop: async (options) => ({ ...await untilInterrupted(options), contextLost: true, outcome }),
  });
  kernel.clients.connect(client);
  const answered = ["loop", "next"].map((code) => kernel.answer(execute(code), client));
  await until(() => kernel.facts.evaluated.length > 0, "the code runs");
  kernel.closeSession();
  await Promise.all(answered);
  const [ended, aborted] = [["execute_input", "error", "execute_reply"], ["execute_reply"]];
  assertEquals(client.types(), ["busy", ...ended, "idle", "busy", ...aborted, "idle", "dead"]);
  assertEquals(client.got[6]?.content, { status: "aborted" });
  const { traceback } = client.got[2]?.content as { traceback: string[] };
  assertEquals([traceback, kernel.facts.evaluated], [["interrupted: the session ends"], ["loop"]]);
  const late = clientOf("b");
  kernel.clients.connect(late);
  assertEquals([late.types(), kernel.clients.count], [["dead"], 0]);
});

Deno.test("Kernel: code after an interpreter that ended between cells fails, and a restart is told", async () => {
  const client = clientOf("a");
  const kernel = kernelOf({});
  kernel.clients.connect(client);
  await kernel.answer(execute("before"), client);
  client.got.splice(0);
  kernel.facts.context = "_new";
  await kernel.answer(execute("unaware"), client);
  await kernel.answer(execute("after"), client);
  const [begin, end] = [["busy", "execute_input"], ["execute_reply", "idle"]];
  assertEquals(client.types(), [...begin, "error", ...end, "restarting", ...begin, ...end]);
  assertEquals(kernel.facts.evaluated, ["before", "after"]);
  assertStringIncludes(JSON.stringify(client.got[2]), "restarted without its variables");
  const { execution_count } = client.got.at(-2)?.content as { execution_count: number };
  assertEquals([execution_count, new Set(client.got.map(({ header }) => header.session)).size], [1, 2]);
});

Deno.test("Kernel: a client that does not read holds up the output of code alone, and not when that is to end", async () => {
  const client = clientOf("a");
  const [stuck, sleeping] = [clientOf("b"), clientOf("c")];
  stuck.send = (message) => {
    stuck.got.push(message);
    return new Promise(() => {});
  };
  const kernel = kernelOf({
    flood: async ({ onOutput, signal }) => {
      while (!signal?.aborted) await onOutput?.({ stream: "stdout", bytes: new Uint8Array([0x78]) });
      sleeping.isBehind = () => true;
      await onOutput?.({ stream: "stdout", bytes: new Uint8Array([0x79, 0xe2]) }); // Its rest comes at the end.
      return { outcome: { kind: "cancelled" } };
    },
  });
  for (const one of [client, stuck, sleeping]) kernel.clients.connect(one);
  await kernel.answer(request("kernel_info_request"), client);
  const flooded = kernel.answer(execute("flood"), stuck);
  await until(() => stuck.types().includes("stream"), "the code prints");
  kernel.interrupt();
  await kernel.answer(request("kernel_info_request"), client);
  assertEquals(client.types().filter((type) => type === "kernel_info_reply").length, 2);
  const streamed = [client, sleeping].map(({ types }) => types().filter((type) => type === "stream").length);
  assertEquals(streamed, [2, 1]); // What came behind the interrupt is joined.
  await flooded;
});

Deno.test("Kernel: a client that does not read the error of code holds no other up behind an interrupt", async () => {
  const [client, stuck] = [clientOf("a"), clientOf("b")];
  stuck.send = (message) => message.header.msg_type === "error" ? new Promise(() => {}) : Promise.resolve();
  const kernel = kernelOf({ failed });
  for (const one of [client, stuck]) kernel.clients.connect(one);
  const answered = kernel.answer(execute("failed"), client);
  await until(() => client.types().includes("error"), "the code fails");
  kernel.interrupt();
  await Promise.all([answered, kernel.answer(request("kernel_info_request"), client)]);
  assertEquals(client.types().includes("kernel_info_reply"), true);
});

Deno.test("Kernel: what an answer repeats of its request is bounded", async () => {
  const client = clientOf("a");
  const kernel = kernelOf({});
  kernel.clients.connect(client);
  const long = "é".repeat(100_000);
  for (
    const one of [
      ...[long, { long }, 1].map((comm_id) => request("comm_open", { comm_id })),
      request("complete_request", { cursor_pos: long }),
      execute(long.repeat(100)),
    ]
  ) await kernel.answer(one, client);
  assertEquals([kernel.facts.evaluated, JSON.stringify(client.got).length < 20_000], [[], true]);
});

Deno.test("Kernel: the last client to leave gets what it missed when it returns, the newest MiB of it", async () => {
  const [again, stranger] = [clientOf("a"), clientOf("b")];
  const kernel = await floodAfterLeaving();
  kernel.clients.connect(again);
  assertEquals(again.types().slice(-3), ["stream", "execute_reply", "idle"]);
  assertEquals(again.got.length > 5 && JSON.stringify(again.got).length < 1_100_000, true);
  kernel.clients.disconnect(again);
  await kernel.answer(execute("more"), again);
  kernel.clients.connect(stranger);
  assertEquals(stranger.got, []);
});

Deno.test("Kernel: clients that left miss together no more than there is memory for, and it is free when they return", async () => {
  const missed = new ByteBudget({ maxBytes: 2_100_000, maxOwnerBytes: 2_100_000 });
  const kernels = [await floodAfterLeaving(missed), await floodAfterLeaving(missed)];
  const got: unknown[][] = [];
  assertEquals(missed.heldBytes > 2_000_000, true);
  for (const kernel of kernels) {
    const again = clientOf("a");
    kernel.clients.connect(again);
    got.push(again.types());
  }
  const ends = ["execute_reply", "idle"];
  assertEquals(got, [[...Array(5).fill("stream"), ...ends], ends]);
  assertEquals(missed.heldBytes, 0);
  for (const kernel of kernels) {
    await kernel.flood();
    kernel.closeSession();
  }
  assertEquals(missed.heldBytes, 0);
});

Deno.test("Kernel: a client's new connection takes the place of its old one, which leaves later", () => {
  const [old, next] = [clientOf("a"), clientOf("a")];
  const kernel = kernelOf({});
  for (const client of [old, next]) kernel.clients.connect(client);
  kernel.clients.disconnect(old);
  assertEquals([old.closed.length, next.closed.length, kernel.clients.count], [1, 0, 1]);
});

Deno.test("Kernel: what is not here is answered as empty or not supported, and what needs no answer has none", async () => {
  const client = clientOf("a");
  const kernel = kernelOf({});
  kernel.clients.connect(client);
  const ask = async (type: string, content: object = {}, channel: Request["channel"] = "shell") => {
    client.got.splice(0);
    await kernel.answer(request(type, content, channel), client);
    return client.got.filter(({ header }) => header.msg_type !== "status").map(({ channel, content, header }) =>
      [channel, header.msg_type, content] as const
    );
  };
  assertEquals(await ask("complete_request", { code: "a", cursor_pos: 1 }), [
    ["shell", "complete_reply", { status: "ok", matches: [], cursor_start: 0, cursor_end: 0, metadata: {} }],
  ]);
  assertEquals(await ask("comm_open", { comm_id: "c" }), [["iopub", "comm_close", { comm_id: "c", data: {} }]]);
  const [[channel, type, content] = []] = await ask("debug_request", {}, "control");
  assertEquals([channel, type, (content as { status: string }).status], ["control", "debug_reply", "error"]);
  const [[, , bad] = []] = await ask("execute_request", { code: 1 });
  assertEquals(bad as object, { ...bad, status: "error", ename: "invalid_request" });
  for (const [type, channel] of [["comm_msg", "shell"], ["input_reply", "stdin"]] as const) {
    assertEquals(await ask(type, {}, channel), []);
  }
});
