import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { negotiateVersion } from "../../../src/server/rpc/protocol_version.ts";
import { fakeExecution, fakeSession, submitted } from "../../support/fake_ports.ts";
import { Door, type DoorOptions, type RpcClient } from "./door.ts";

const RUNTIMES = [{ name: "fake", type: "NativeProcess", available: true, environments: [] }];
const LANGUAGES = [{ name: "typescript", aliases: ["ts"], available: true, runtimes: ["fake"], contexts: true }];
const CLOSED = fakeSession({ state: "closed", closedBecause: "idle_timeout", metadata: { ticket: 7 } });
const sessionId = CLOSED.id;

/** Runs a test with a client that speaks a version, and returns what `initialize` answered. */
async function withClient(
  { version, ...options }: DoorOptions & { readonly version?: string },
  test: (client: RpcClient) => Promise<void>,
): Promise<string> {
  const describe = {
    describeRuntimes: () => Promise.resolve(RUNTIMES as never),
    describeLanguages: () => Promise.resolve(LANGUAGES as never),
  };
  await using door = new Door({ ...options, engine: { ...describe, ...options.engine } });
  const client = await door.connect();
  const asked = { protocolVersion: version ?? "2026-11", capabilities: { streaming: true } };
  const { result } = await client.call("initialize", asked);
  await test(client);
  return result.protocolVersion;
}

Deno.test("negotiateVersion() makes a client strict that asks for 2026-11 or a newer version, and no other", () => {
  for (const asked of ["2026-11", "2026-11-28", "2026-12", "2027-01", "9999-99"]) {
    assertEquals([asked, negotiateVersion(asked)], [asked, { name: "2026-11", isStrict: true }]);
  }
  for (const asked of [undefined, "", "0.2.0", "2026-10", "2026-10-31", "2025-11-25", "9", "2026-11x", "v2026-11"]) {
    assertEquals([asked, negotiateVersion(asked)], [asked, { name: "0.2.0", isStrict: false }]);
  }
});

Deno.test("a strict client gets an error for an unknown field, another spelling and another type's name", async () => {
  const held = await withClient({}, async (client) => {
    const cases: readonly (readonly [string, object, string])[] = [
      ["session.get", { sessionId, verbose: true }, '"verbose"'],
      ["session.get", { session_id: sessionId }, "session_id"],
      ["session.create", { language: "typescript", idleTimeoutMinutes: 5 }, 'did you mean "idleTimeoutMs"?'],
      ["session.update", { sessionId, maxLifetimeMs: null }, "maxLifetimeMs"],
      ["execution.run", { language: "typescript", code: "1", timeout: 5 }, 'did you mean "timeoutMs"?'],
      ["execution.status", { executionId: "exec_1", waitMs: 5 }, '"waitMs"'],
    ];
    for (const [method, params, text] of cases) {
      const { error } = await client.call(method, params);
      assertEquals([method, error?.code], [method, -32602]);
      assertStringIncludes(error?.message ?? "", text);
    }
  });
  assertEquals(held, "2026-11");
});

Deno.test("a strict client gets REST's executions, reports and notifications", async () => {
  const engine: DoorOptions["engine"] = {
    submit: (_caller, request, options = {}) => {
      assertEquals(request.runtime, "NativeProcess");
      return Promise.resolve(submitted(options));
    },
    report: (_caller, id) => {
      if (id !== "exec_1") throw new CodeBeakerError("not_found", "Cannot find the execution");
      return Promise.resolve({ status: "ended", execution: fakeExecution({ exitCode: 1 }) });
    },
  };
  await withClient({ engine }, async (client) => {
    const request = { language: "typescript", code: "1", runtime: "NativeProcess" };
    const { result } = await client.call("execution.run", { ...request, wait: true });
    assertEquals(result, JSON.parse(JSON.stringify({ ...fakeExecution(), executionId: "exec_1" })));
    const { id, ...rest } = (await client.call("execution.run", request)).result;
    assertEquals([id, rest], ["exec_1", { executionId: "exec_1", status: "queued" }]);
    const reported = (await client.call("execution.status", { executionId: "exec_1" })).result;
    assertEquals([reported.status, reported.exitCode, reported.id], ["ended", 1, "exec_1"]);
    assertEquals((await client.call("execution.status", { executionId: "exec_2" })).error?.code, -32004);
    const completed = client.notifications.find(({ method }) => method === "execution.completed");
    assertEquals(Object.keys(completed?.params).toSorted(), ["executionId", "exitCode", "outcome", "status", "usage"]);
    assertEquals(completed?.params.status, "ended");
    assertEquals((await client.call("language.list")).result, { languages: LANGUAGES });
  });
});

Deno.test("a strict client gets REST's sessions, with metadata and closedBecause; the original's do not", async () => {
  const sessions = { show: () => CLOSED, list: () => ({ sessions: [CLOSED] }), create: () => Promise.resolve(CLOSED) };
  const rest = { ...CLOSED, sessionId };
  await withClient({ sessions }, async (client) => {
    assertEquals((await client.call("session.get", { sessionId })).result, rest);
    assertEquals((await client.call("session.list", {})).result, { count: 1, sessions: [rest] });
    assertEquals((await client.call("session.create", { language: "typescript" })).result, rest);
  });
  const held = await withClient({ sessions, version: "0.2.0" }, async (client) => {
    const { result } = await client.call("session.get", { session_id: sessionId });
    assertEquals([result.state, result.runtimeType, "metadata" in result], ["Closed", "NativeProcess", false]);
  });
  assertEquals(held, "0.2.0");
});

Deno.test("a strict client gets REST's answers to commands, and an empty args is an argument vector", async () => {
  const commands: unknown[] = [];
  const sessions: DoorOptions["sessions"] = {
    show: () => fakeSession(),
    command: (_caller, _id, command) => {
      commands.push(command);
      const { type } = command as { readonly type: string };
      if (type !== "execute_shell") throw new CodeBeakerError("invalid_request", "Cannot read the command");
      return Promise.resolve({ success: true, result: fakeExecution() });
    },
  };
  const shell = { type: "execute_shell", id: "7", command: "ls", args: [] };
  await withClient({ sessions }, async (client) => {
    const { result } = await client.call("session.execute", { sessionId, command: shell });
    const { durationMs, result: execution, ...answer } = result;
    assertEquals([answer, execution.executionId, typeof durationMs], [{ id: "7", success: true }, "exec_1", "number"]);
    const refused = (await client.call("session.execute", { sessionId, command: { type: "reboot" } })).result;
    assertEquals([refused.success, refused.error.code, "result" in refused], [false, "invalid_request", false]);
  });
  await withClient({ sessions, version: "0.2.0" }, async (client) => {
    const { result } = await client.call("session.execute", { sessionId, command: shell });
    assert(result.error === null && result.result.durationMs !== undefined);
  });
  assertEquals(commands, [shell, { type: "reboot" }, { type: "execute_shell", id: "7", command: "ls" }]);
});
