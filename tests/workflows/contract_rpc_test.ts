import { assertEquals, assertStringIncludes } from "@std/assert";
import { RpcClient } from "../server/rpc/door.ts";
import { ApiClient } from "../support/api_client.ts";
import { type BorrowedService, shareService } from "../support/shared_service.ts";
import { until } from "../support/until.ts";

const shared = shareService();

const SLEEPER = 'console.log("begun"); setInterval(() => {}, 1000);';

/** A service, and a connection to it. */
async function withConnection(use: (client: RpcClient, service: BorrowedService) => Promise<void>): Promise<void> {
  await using service = shared.borrow();
  const client = await RpcClient.open(`${service.url.replace("http", "ws")}/ws/jsonrpc`);
  try {
    await use(client, service);
  } finally {
    await client.close();
  }
}

function fieldsOf(value: object): string[] {
  return Object.keys(value).toSorted();
}

Deno.test("the contract's JSON-RPC: what executions are answered with, and their states", () =>
  withConnection(async (client) => {
    const waited = await client.call("EXECUTION.run", { Language: "ts", CODE: "console.log(1)", wait: true });
    assertEquals([waited.result.stdout, waited.result.outcome], ["1\n", { kind: "exited", exitCode: 0 }]);
    const { result: queued } = await client.call("execution.run", { language: "ts", code: SLEEPER, timeout: 60 });
    assertEquals([fieldsOf(queued), queued.status], [["executionId", "status"], "queued"]);
    const { executionId } = queued;
    const status = async (id: string) => (await client.call("execution.status", { executionid: id })).result;
    await until(async () => (await status(executionId)).stdout === "begun\n", "it runs");
    const running = await status(executionId);
    for (const name of ["durationMs", "executionId", "exitCode", "outcome", "status", "stderr", "stdout", "timeout"]) {
      assertEquals([name, name in running], [name, true]);
    }
    assertEquals([running.status, running.exitCode, running.timeout], ["running", null, false]);
    assertEquals((await client.call("execution.stdin", { executionId, text: "x", close: true })).error, undefined);
    assertEquals((await client.call("execution.cancel", { executionId })).error, undefined);
    await until(async () => (await status(executionId)).status === "cancelled", "it is cancelled");
    const late = await client.call("execution.run", { language: "ts", code: SLEEPER, timeout: 0.3, wait: true });
    const ended = await status(late.result.id);
    assertEquals([ended.status, ended.timeout, ended.outcome], ["failed", true, { kind: "timed_out", limitMs: 300 }]);
    assertEquals([(await status(waited.result.id)).status, (await status("none")).status], ["completed", "not_found"]);
  }));

Deno.test("the contract's JSON-RPC: each error has its code, and the problem as its data", () =>
  withConnection(async (client) => {
    const run = { language: "ts", code: "" };
    const cases: readonly (readonly [string, unknown, number, string])[] = [
      ["execution.run", { ...run, runtime: "dneo" }, -32602, "invalid_request"],
      ["execution.run", ["ts"], -32602, "invalid_request"],
      ["execution.run", { ...run, permissions: { allowWrite: ["/etc"] } }, -32003, "permission_denied"],
      ["execution.cancel", { executionId: "none" }, -32004, "not_found"],
      ["session.execute", { sessionId: "none", command: { type: "list_files" } }, -32004, "not_found"],
      ["execution.run", { ...run, code: "x".repeat(1_048_577) }, -32013, "too_large"],
      ["execution.run", { ...run, language: "cobol" }, -32021, "unsupported_language"],
      ["execution.run", { ...run, minIsolation: 10 }, -32022, "no_suitable_runtime"],
      ["execution.run", { ...run, language: "cs" }, -32053, "runtime_unavailable"],
      ["execution.ran", {}, -32601, "not_found"],
    ];
    for (const [method, params, code, name] of cases) {
      const { error } = await client.call(method, params);
      assertEquals([method, error?.code, error?.data.code], [method, code, name]);
      assertEquals([error?.message, typeof error?.data.requestId], [error?.data.detail, "string"]);
    }
    assertEquals((await client.ask("{")).error.code, -32700);
    for (const message of ["[]", "1", '{"jsonrpc":"1.0","id":"a","method":"language.list"}']) {
      assertEquals([message, (await client.ask(message)).error.code], [message, -32600]);
    }
  }));

Deno.test("the contract's JSON-RPC: sessions take the original's fields and keep its spelling", () =>
  withConnection(async (client) => {
    const { result: created } = await client.call("session.create", {
      language: "TypeScript",
      runtimePreference: "Speed",
      runtimeType: "DENO",
      idleTimeoutMinutes: 10,
      maxLifetimeMinutes: 20,
      memoryLimitMB: 128,
      cpuLimit: 50,
    });
    const { sessionId } = created;
    for (const name of ["sessionId", "environmentId", "language", "createdAt", "selection"]) {
      assertEquals([name, name in created], [name, true]);
    }
    assertEquals([created.runtimeType, created.state, created.selection.preference], ["Deno", "Idle", "speed"]);
    assertEquals(created.config, { idleTimeoutMinutes: 10, maxLifetimeMinutes: 20 });
    assertEquals(created.warnings.length, 1);
    assertStringIncludes(created.warnings[0], "cpuLimit");
    const execute = async (command: object) => (await client.call("session.execute", { sessionId, command })).result;
    const written = await execute({ type: "write_file", path: "/workspace/a.ts", content: "console.log(42)" });
    assertEquals([fieldsOf(written), written.error], [["durationMs", "error", "result", "success"], null]);
    const ran = await execute({ type: "shell", commandName: "deno", args: ["run", "a.ts"], timeout: 10 });
    assertEquals([ran.success, ran.result.stdout], [true, "42\n"]);
    const listed = await execute({ type: "list_files", include_hidden: true, max_depth: 1 });
    assertEquals(listed.result.tree.children[0].name, "a.ts");
    const missing = await execute({ type: "read_file", path: "none" });
    assertEquals([missing.success, missing.error], [false, 'Cannot find "none" in the workspace']);
    const idle = await client.call("session.list", { state: "IDLE" });
    assertEquals([idle.result.count, idle.result.sessions[0].sessionId], [1, sessionId]);
    assertEquals((await client.call("session.close", { sessionId })).result, { sessionId, closed: true });
    assertEquals((await client.call("session.execute", { sessionId, command: { type: "diff" } })).error?.code, -32009);
  }));

Deno.test("the contract's JSON-RPC: nothing is told that initialize did not ask for, and then everything in order", () =>
  withConnection(async (client) => {
    const run = { language: "ts", code: 'console.log("é");', wait: true };
    const { result: silent } = await client.call("initialize", { clientInfo: { name: "test" } });
    assertEquals(fieldsOf(silent), ["capabilities", "protocolVersion", "serverCapabilities", "serverInfo"]);
    await client.call("execution.run", run);
    assertEquals([silent.capabilities.streaming, client.notifications], [false, []]);
    const { result: told } = await client.call("initialize", { capabilities: { streaming: true, fileWatch: true } });
    assertEquals(told.capabilities, { streaming: true, stdin: false });
    const { result: { id: executionId } } = await client.call("execution.run", run);
    const [started, output, completed, ...others] = client.notifications;
    assertEquals([started?.method, started?.params.executionId], ["execution.started", executionId]);
    assertEquals([output?.method, output?.params], ["execution.output", {
      executionId,
      stream: "stdout",
      text: "é\n",
      seq: 0,
    }]);
    assertEquals([completed?.method, completed?.params.status, others], ["execution.completed", "completed", []]);
  }));

Deno.test("the contract's JSON-RPC: programs that are waited for are fed for who asks to feed, and else have an empty stdin", () =>
  withConnection(async (client, service) => {
    const code = "console.log(`read ${await new Response(Deno.stdin.readable).text()}`);";
    const { sessionId } = (await client.call("session.create", { language: "ts" })).result;
    const inSession = () => client.call("session.execute", { sessionId, command: { type: "execute", code } });
    assertEquals((await inSession()).result.result.stdout, "read \n");
    const run = { language: "ts", code, wait: true };
    assertEquals((await client.call("execution.run", run)).result.stdout, "read \n");
    const { executionId } = await new ApiClient(service).json("POST", "/api/execution", { language: "ts", code });
    const status = async () => (await client.call("execution.status", { executionId })).result;
    await until(async () => (await status()).status === "completed", "the original's door leaves no stdin open");
    await client.call("initialize", { capabilities: { streaming: true, stdin: true } });
    for (const ask of [inSession, () => client.call("execution.run", run)]) {
      client.notifications.length = 0;
      const asked = ask();
      await until(() => client.notifications.length > 0, "it has begun");
      const started = client.notifications[0]?.params;
      await client.call("execution.stdin", { executionId: started.executionId, text: "héllo", close: true });
      const { result } = await asked;
      assertEquals((result.result ?? result).stdout, "read héllo\n");
    }
  }));

Deno.test("the contract's lists, and the original's HTTP door, which answers as the methods do", () =>
  withConnection(async (client, service) => {
    const http = new ApiClient(service);
    const { result: { languages } } = await client.call("language.list");
    assertEquals(languages[0], { name: "typescript", runtime: "deno" });
    assertEquals((await http.json("GET", "/api/language")).languages, languages);
    assertEquals(await http.json("GET", "/api/language/TS"), { status: 200, ...languages[0] });
    const withoutPool = ({ pool: _, ...runtime }: Record<string, unknown>) => runtime; // It may fill between the two.
    const shown = await http.json("GET", "/v1/runtimes");
    const { result: listed } = await client.call("runtime.list");
    assertEquals(listed.runtimes.map(withoutPool), shown.runtimes.map(withoutPool));
    const select = { language: "ts", minIsolation: 10 };
    const { status: _, ...selection } = await http.json("POST", "/v1/runtimes/select", select);
    assertEquals((await client.call("runtime.select", select)).result, selection);
    const { executionId, state, warnings } = await http.json("POST", "/api/execution", {
      ...{ language: "typescript", code: "console.log(1)", timeout: 10, memoryLimit: 128, networkEnabled: false },
      packages: ["x"],
      stream: true,
    });
    const ignored = ["packages", "stream"].map((name) => `"${name}": this field is ignored`);
    assertEquals([state, warnings], ["queued", ignored]);
    const show = async () => await (await http.ask("GET", `/api/execution/${executionId}`)).json();
    await until(async () => (await show()).status === "completed", "it ends");
    assertEquals(await show(), (await client.call("execution.status", { executionId })).result);
    assertEquals(await http.status("GET", "/api/execution/none"), 404);
  }));
