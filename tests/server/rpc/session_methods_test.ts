import { assertEquals, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { SessionRequest } from "../../../src/core/requests/session_request.ts";
import type { SessionsPort } from "../../../src/sessions/port.ts";
import { fakeExecution, fakeSession, submitted } from "../../support/fake_ports.ts";
import { Door } from "./door.ts";

const RUNTIMES = [{ name: "fake", type: "NativeProcess", available: true, environments: [] }];
const engine = { describeRuntimes: () => Promise.resolve(RUNTIMES as never) };
const sessionId = "sess_1";

/** Sessions with one, in which commands do what a test says. */
function withCommand(command: SessionsPort["command"], state: "idle" | "closing" = "idle"): Partial<SessionsPort> {
  return { show: () => fakeSession({ state }), command };
}

Deno.test("session.create answers as the original, and has what the contract adds", async () => {
  const seen: SessionRequest[] = [];
  await using door = new Door({
    engine,
    sessions: {
      create: (_caller, request) => {
        seen.push(request);
        return Promise.resolve(fakeSession());
      },
    },
  });
  const client = await door.connect();
  const { result } = await client.call("session.create", {
    language: "TS",
    runtimePreference: "Speed",
    runtimeType: "nativeprocess",
    idleTimeoutMinutes: 10,
    maxLifetimeMinutes: 20,
    memoryLimitMB: 512,
  });
  assertEquals(result, {
    sessionId,
    environmentId: sessionId,
    containerId: sessionId,
    runtimeType: "NativeProcess",
    runtime: "fake",
    language: "typescript",
    createdAt: "2026-01-01T00:00:00.000Z",
    state: "Idle",
    config: { idleTimeoutMinutes: 30, maxLifetimeMinutes: 120 },
    selection: fakeSession().selection,
  });
  const [request] = seen;
  assertEquals([request?.language, request?.preference, request?.runtime, request?.limits.memoryMb], [
    "typescript",
    "speed",
    "fake",
    512,
  ]);
  assertEquals([request?.idleTimeoutMs, request?.maxLifetimeMs], [600_000, 1_200_000]);
});

Deno.test("session.create refuses an invalid request with -32602", async () => {
  await using door = new Door({ engine });
  const client = await door.connect();
  for (const params of [{}, { language: "ts", idleTimeoutMinutes: 0 }, { language: "ts", runtimePreference: "best" }]) {
    assertEquals((await client.call("session.create", params)).error?.code, -32602);
  }
});

Deno.test("session.execute does a command, and answers what came of it with its time in whole ms", async () => {
  const seen: unknown[] = [];
  await using door = new Door({
    sessions: withCommand((_caller, id, command) => {
      seen.push([id, command]);
      return Promise.resolve({ success: true, result: { path: "a", bytes: 1 } });
    }),
  });
  const client = await door.connect();
  const command = { Type: "write_file", Path: "a", content: "x", encoding: "UTF8" };
  const { result } = await client.call("session.execute", { SessionID: sessionId, Command: command });
  assertEquals({ ...result, durationMs: 0 }, {
    success: true,
    result: { path: "a", bytes: 1 },
    error: null,
    durationMs: 0,
  });
  assertEquals(Number.isInteger(result.durationMs), true);
  assertEquals(seen, [[sessionId, { type: "write_file", path: "a", content: "x", encoding: "utf8" }]]);
});

Deno.test("session.execute answers a program that failed without success and without an error", async () => {
  const failed = fakeExecution({ exitCode: 1, outcome: { kind: "exited", exitCode: 1 } });
  await using door = new Door({
    sessions: withCommand(() => Promise.resolve({ success: false, result: failed })),
  });
  const client = await door.connect();
  const { result } = await client.call("session.execute", { sessionId, command: { type: "execute", code: "x" } });
  assertEquals([result.success, result.error], [false, null]);
  assertEquals(result.result, { ...failed, executionId: failed.id, durationMs: 1 });
});

Deno.test("session.execute tells what is wrong with what a command asks for in words, and as a problem", async () => {
  for (const code of ["not_found", "permission_denied", "conflict", "too_large"] as const) {
    await using door = new Door({
      sessions: withCommand(() => Promise.reject(new CodeBeakerError(code, "Cannot do this"))),
    });
    const client = await door.connect();
    const { result } = await client.call("session.execute", { sessionId, command: { type: "read_file", path: "x" } });
    assertEquals([code, result.success, result.result, result.error, result.problem.code], [
      code,
      false,
      null,
      "Cannot do this",
      code,
    ]);
  }
});

Deno.test("session.execute answers everything else that goes wrong with an error", async () => {
  const table = [["invalid_request", -32602], ["busy", -32029], ["runtime_unavailable", -32053]] as const;
  for (const [code, rpc] of table) {
    await using door = new Door({ sessions: withCommand(() => Promise.reject(new CodeBeakerError(code, "x"))) });
    const client = await door.connect();
    const { error } = await client.call("session.execute", { sessionId, command: { type: "read_file", path: "x" } });
    assertEquals([code, error?.code], [code, rpc]);
  }
  const over = withCommand(() => Promise.reject(new CodeBeakerError("conflict", "x")), "closing");
  await using door = new Door({ sessions: over });
  const client = await door.connect();
  const { error } = await client.call("session.execute", { sessionId, command: { type: "read_file", path: "x" } });
  assertEquals(error?.code, -32009);
});

Deno.test("session.execute tells the observer what a command was not let do", async () => {
  const refusals: unknown[] = [];
  await using door = new Door({
    sessions: withCommand(() => Promise.reject(new CodeBeakerError("permission_denied", "Cannot leave the workspace"))),
    observer: { refused: ({ what, error }) => refusals.push([what, error.code]) },
  });
  const client = await door.connect();
  await client.call("session.execute", { sessionId, command: { type: "read_file", path: "x" } });
  assertEquals(refusals, [["session.execute", "permission_denied"]]);
});

Deno.test("session.execute of a session that is not there is -32004, whatever the command", async () => {
  await using door = new Door({
    sessions: {
      show: () => {
        throw new CodeBeakerError("not_found", "Cannot find the session");
      },
    },
  });
  const client = await door.connect();
  assertEquals((await client.call("session.execute", { sessionId, command: { type: "x" } })).error?.code, -32004);
});

Deno.test("session.execute without a session or a command is -32602", async () => {
  await using door = new Door();
  const client = await door.connect();
  const table: [object, string][] = [
    [{ command: { type: "read_file" } }, "sessionId"],
    [{ sessionId }, "command"],
    [{ sessionId, command: "ls" }, "command"],
    [{ sessionId, command: {} }, "command.type"],
  ];
  for (const [params, path] of table) {
    const { error } = await client.call("session.execute", params);
    assertEquals([error?.code, error?.data.errors[0].path], [-32602, path]);
  }
});

Deno.test("session.execute warns of a command's fields that have no meaning", async () => {
  await using door = new Door({ sessions: withCommand(() => Promise.resolve({ success: true, result: {} })) });
  const client = await door.connect();
  const command = { type: "read_file", path: "x", flags: [] };
  const { result } = await client.call("session.execute", { sessionId, command });
  assertEquals(result.warnings.length, 1);
  assertStringIncludes(result.warnings[0], '"flags"');
});

Deno.test("session.execute tells what its program does where it was asked for", async () => {
  await using door = new Door({
    sessions: withCommand(async (_caller, _id, _command, options = {}) => {
      const result = await submitted(options, async (print) => await print("hi")).ended;
      return { success: true, result };
    }),
  });
  const client = await door.connect();
  const params = { sessionId, command: { type: "execute_code", code: "1" } };
  await client.call("session.execute", params);
  assertEquals(client.notifications, []);
  await client.call("session.execute", { ...params, stream: true });
  assertEquals(client.notifications.map(({ method }) => method), [
    "execution.started",
    "execution.output",
    "execution.completed",
  ]);
  assertEquals(client.notifications[0]?.params.sessionId, sessionId);
  await client.call("initialize", { capabilities: { streaming: true } });
  await client.call("session.execute", params);
  assertEquals(client.notifications.length, 6);
});

Deno.test("session.execute tells execution.error where the service fails after its program began, and nothing before", async () => {
  let begins = true;
  await using door = new Door({
    sessions: withCommand(async (_caller, _id, _command, options = {}) => {
      const broken = new CodeBeakerError("runtime_unavailable", "Cannot follow it");
      if (!begins) throw broken;
      const { ended } = submitted(options, () => Promise.reject(broken));
      return { success: true, result: await ended };
    }),
  });
  const client = await door.connect();
  const params = { sessionId, stream: true, command: { type: "execute_code", code: "1" } };
  assertEquals((await client.call("session.execute", params)).error?.code, -32053);
  assertEquals(client.notifications.map(({ method, params }) => [method, params.executionId, params.code]), [
    ["execution.started", "exec_1", undefined],
    ["execution.error", "exec_1", "runtime_unavailable"],
  ]);
  assertEquals(client.notifications[1]?.params.error, "Cannot follow it");
  begins = false;
  assertEquals((await client.call("session.execute", params)).error?.code, -32053);
  assertEquals(client.notifications.length, 2);
});

Deno.test("session.list counts and shows sessions as the original", async () => {
  const seen: unknown[] = [];
  await using door = new Door({
    engine,
    sessions: {
      list: (_caller, page) => {
        seen.push(page);
        const sessions = [fakeSession({ state: "active", executionCount: 3 }), fakeSession({ id: "sess_2" })];
        return { sessions, nextCursor: "1.sess" };
      },
    },
  });
  const client = await door.connect();
  const { result } = await client.call("session.list", { State: "ACTIVE", limit: 2 });
  assertEquals([result.count, result.sessions.length, result.nextCursor], [2, 2, "1.sess"]);
  assertEquals(seen, [{ limit: 2, state: "active" }]);
  const [first] = result.sessions;
  assertEquals([first.sessionId, first.containerId, first.runtimeType, first.state, first.executionCount], [
    sessionId,
    sessionId,
    "NativeProcess",
    "Active",
    3,
  ]);
  assertEquals([first.lastActivity, typeof first.idleMinutes, typeof first.lifetimeMinutes], [
    "2026-01-01T00:00:00.000Z",
    "number",
    "number",
  ]);
  assertEquals((await client.call("session.list", { state: "asleep" })).error?.code, -32602);
});

Deno.test("session.get shows a session as session.list does, and session.update changes it", async () => {
  const changed: unknown[] = [];
  const sessions: Partial<SessionsPort> = {
    show: (_caller, id) => {
      if (id === sessionId) return fakeSession();
      throw new CodeBeakerError("not_found", "Cannot find the session");
    },
    list: () => ({ sessions: [fakeSession()] }),
    change: (_caller, id, changes) => {
      changed.push([id, changes]);
      return fakeSession(changes);
    },
  };
  await using door = new Door({ engine, sessions });
  const client = await door.connect();
  const { result: { sessions: [listed] } } = await client.call("session.list", {});
  const { result: shown } = await client.call("session.get", { sessionId });
  const { selection } = fakeSession();
  const times = { idleMinutes: 0, lifetimeMinutes: 0 };
  assertEquals({ ...shown, ...times }, { ...listed, ...times, selection });
  assertEquals((await client.call("session.get", { sessionId: "sess_2" })).error?.code, -32004);
  const given = { session_id: sessionId, idleTimeoutMinutes: 2, metadata: { Own_Name: 1 } };
  const { result: updated } = await client.call("session.update", given);
  assertEquals(changed, [[sessionId, { idleTimeoutMs: 120_000, metadata: { Own_Name: 1 } }]]);
  assertEquals(updated.config, { idleTimeoutMinutes: 2, maxLifetimeMinutes: 120 });
  const refused = await client.call("session.update", { sessionId, maxLifetimeMinutes: 99_999 });
  assertEquals([refused.error?.code, changed.length], [-32602, 1]);
});

Deno.test("session.close closes, and tells so once it is done", async () => {
  const closed: string[] = [];
  await using door = new Door({
    sessions: {
      close: async (_caller, id) => {
        await Promise.resolve();
        closed.push(id);
      },
    },
  });
  const client = await door.connect();
  assertEquals((await client.call("session.close", { sessionId })).result, { sessionId, closed: true });
  assertEquals(closed, [sessionId]);
});
