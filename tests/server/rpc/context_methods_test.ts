import { assertEquals } from "@std/assert";
import type { CellRequest } from "../../../src/core/requests/cell_request.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { ContextsPort, SessionsPort } from "../../../src/sessions/port.ts";
import { fakeExecution, submitted } from "../../support/fake_ports.ts";
import { Door } from "./door.ts";

const CONTEXT = { id: "ctx_1", language: "typescript", createdAt: "2026-01-01T00:00:00.000Z" };

function sessionsWith(asked: unknown[]): Partial<SessionsPort> {
  return {
    contexts: (_caller, sessionId) => ({
      create(language) {
        asked.push(["create", sessionId, language]);
        return Promise.resolve(CONTEXT);
      },
      findDefault() {
        throw new Error("not expected");
      },
      submit(id, request: CellRequest) {
        asked.push(["submit", id, request]);
        if (id !== CONTEXT.id) throw new CodeBeakerError("not_found", "Cannot find the context");
        return Promise.resolve({ id: "exec_1", ended: Promise.resolve(fakeExecution({ value: 42, displays: [] })) });
      },
      list: () => [CONTEXT],
      interrupt: () => true,
      close(id) {
        asked.push(["close", id]);
        return Promise.resolve();
      },
    }),
  };
}

Deno.test("contexts are opened, used, interrupted and closed over JSON-RPC as over REST", async () => {
  const asked: unknown[] = [];
  await using door = new Door({ sessions: sessionsWith(asked) });
  const client = await door.connect();
  const where = { sessionId: "sess_1", contextId: "ctx_1" };
  const opened = await client.call("context.create", { sessionId: "sess_1", language: "ts" });
  assertEquals(opened.result, { ...CONTEXT, contextId: "ctx_1", sessionId: "sess_1" });
  assertEquals((await client.call("context.list", { sessionId: "sess_1" })).result, { contexts: [CONTEXT] });
  const { result } = await client.call("context.execute", { ...where, code: "40 + 2", timeoutMs: 50 });
  assertEquals([result.value, result.executionId, result.outcome], [42, "exec_1", { kind: "exited", exitCode: 0 }]);
  assertEquals((await client.call("context.interrupt", where)).result, { contextId: "ctx_1", interrupted: true });
  assertEquals((await client.call("context.close", where)).result, { contextId: "ctx_1", closed: true });
  assertEquals(asked, [
    ["create", "sess_1", "typescript"],
    ["submit", "ctx_1", { code: "40 + 2", limits: { timeoutMs: 50 }, explain: false }],
    ["close", "ctx_1"],
  ]);
});

Deno.test("context.execute notifies of displays in order with the output, where the client asked for it", async () => {
  const contexts: Partial<ContextsPort> = {
    submit: (_id, _request, options) =>
      Promise.resolve(submitted(options ?? {}, async (print) => {
        await print("a");
        await options?.onDisplay?.({ "text/plain": "1" });
        await print("b");
      })),
  };
  await using door = new Door({ sessions: { contexts: () => contexts as ContextsPort } });
  const client = await door.connect();
  const cell = { sessionId: "sess_1", contextId: "ctx_1", code: "1" };
  await client.call("context.execute", cell);
  await client.call("context.execute", { ...cell, stream: true });
  const executionId = "exec_1";
  assertEquals(client.notifications.map(({ method, params }) => [method, params]).slice(1, -1), [
    ["execution.output", { executionId, stream: "stdout", text: "a", seq: 0 }],
    ["execution.display", { executionId, data: { "text/plain": "1" }, seq: 1 }],
    ["execution.output", { executionId, stream: "stdout", text: "b", seq: 2 }],
  ]);
});

Deno.test("a context that is not there, and a cell without code, are errors over JSON-RPC", async () => {
  await using door = new Door({ sessions: sessionsWith([]) });
  const client = await door.connect();
  const missing = await client.call("context.execute", { sessionId: "sess_1", contextId: "ctx_2", code: "1" });
  assertEquals(missing.error?.code, -32004);
  const empty = await client.call("context.execute", { sessionId: "sess_1", contextId: "ctx_1" });
  assertEquals(empty.error?.code, -32602);
});
