import { assertEquals, assertStringIncludes } from "@std/assert";
import { CLIENTS } from "../server/mcp/clients.ts";
import { RpcClient } from "../server/rpc/door.ts";
import { ApiClient } from "../support/api_client.ts";
import { openService, type OwnService } from "../support/own_service.ts";

const SETTINGS = {
  limitCeilings: { timeoutMs: 2_000, memoryMb: 128 },
  limitDefaults: { timeoutMs: 1_000 },
  allowedHosts: ["example.com:443"],
};
const EXECUTIONS = "/v1/executions";
const TYPESCRIPT = { language: "typescript" };
const HELLO = { ...TYPESCRIPT, code: "console.log('hello')" };
const ENDLESS = { ...TYPESCRIPT, code: "for (;;) await new Promise((resolve) => setTimeout(resolve, 10));" };
const TIME = "timeoutMs is at most 2000, the operator's ceiling (limitCeilings)";
const MEMORY = "limits.memoryMb is at most 128, the operator's ceiling (limitCeilings)";

Deno.test("the operator's ceilings and defaults hold in REST, also within a session", async () => {
  await using service = await openService(SETTINGS);
  const client = new ApiClient(service);
  const asked = [
    [EXECUTIONS, { ...HELLO, timeoutMs: 2_001 }, TIME],
    [EXECUTIONS, { ...HELLO, limits: { memoryMb: 129 } }, MEMORY],
    ["/v1/runtimes/select", { ...TYPESCRIPT, timeoutMs: 2_001 }, TIME],
    ["/v1/sessions", { ...TYPESCRIPT, limits: { memoryMb: 129 } }, MEMORY],
  ] as const;
  for (const [path, body, detail] of asked) {
    const answer = await client.json("POST", path, body);
    assertEquals([answer.status, answer.code], [400, "invalid_request"]);
    assertStringIncludes(answer.detail, detail);
  }
  const most = { ...ENDLESS, timeoutMs: 2_000, limits: { memoryMb: 128 } };
  assertEquals((await client.json("POST", EXECUTIONS, most)).outcome, { kind: "timed_out", limitMs: 2_000 });
  assertEquals((await client.json("POST", EXECUTIONS, ENDLESS)).outcome, { kind: "timed_out", limitMs: 1_000 });
  const { id } = await client.openSession(TYPESCRIPT);
  const over = await client.json("POST", `/v1/sessions/${id}/executions`, { code: "1", timeoutMs: 2_001 });
  assertEquals(over.status, 400);
  assertStringIncludes(over.detail, TIME);
  assertEquals((await client.run(id, { code: ENDLESS.code })).outcome, { kind: "timed_out", limitMs: 1_000 });
});

Deno.test("the operator's list of hosts bounds allowNet and keeps packages out", async () => {
  await using service = await openService(SETTINGS);
  const client = new ApiClient(service);
  for (const allowNet of [true, ["example.org:443"], ["example.com"]]) {
    const answer = await client.json("POST", EXECUTIONS, { ...HELLO, permissions: { allowNet } });
    assertEquals([answer.status, answer.code], [403, "permission_denied"]);
    assertStringIncludes(answer.detail, "the operator's ceiling (allowedHosts) lists (example.com:443)");
  }
  const permissions = { allowNet: ["example.com:443"] };
  assertEquals((await client.json("POST", EXECUTIONS, { ...HELLO, permissions })).stdout, "hello\n");
  const { id } = await client.openSession(TYPESCRIPT);
  const { error } = await client.command(id, { type: "install_packages", packages: ["left-pad"] });
  assertEquals(error?.code, "permission_denied");
});

Deno.test({
  name: "the operator's ceilings hold in JSON-RPC, MCP, Piston, codapi, LibreChat and E2B",
  sanitizeOps: false, // The MCP SDK's transport leaves timers behind.
  sanitizeResources: false,
  fn: checkDoors,
});

async function checkDoors(): Promise<void> {
  await using service = await openService(SETTINGS);
  await checkRpc(service);
  const client = new ApiClient(service);
  const job = { language: "typescript", version: "*", files: [{ content: "console.log(42)" }] };
  const piston = await client.json("POST", "/api/v2/execute", { ...job, run_timeout: 2_001 });
  assertStringIncludes(piston.message, TIME);
  assertEquals((await client.json("POST", "/api/v2/execute", job)).run.stdout, "42\n");
  const codapi = { sandbox: "typescript", command: "run", files: { "": ENDLESS.code } };
  assertEquals((await client.json("POST", "/v1/exec", codapi)).ok, false);
  const chat = await client.json("POST", "/exec", { lang: "ts", code: "console.log(42)" });
  assertEquals(chat.stdout, "42\n");
  await checkMcp(service);
  const { sandboxID, status } = await client.json("POST", "/e2b/sandboxes", {
    templateID: "typescript",
    allow_internet_access: true,
  });
  assertEquals(status, 201);
  const headers = { "e2b-sandbox-id": sandboxID };
  const cell = await client.ask("POST", "/e2b/execute", { code: ENDLESS.code }, headers);
  assertStringIncludes(await cell.text(), '"timed_out"'); // E2B's clients name no time, so it is the ceiling.
}

async function checkMcp(service: OwnService): Promise<void> {
  for (const { connect, name } of CLIENTS) {
    if (name !== "SDK 2") continue;
    await using client = await connect(new URL("/mcp", service.url));
    const { content, isError } = await client.call("run_code", { ...HELLO, timeoutMs: 2_001 });
    assertEquals(isError, true);
    assertStringIncludes(JSON.stringify(content), TIME);
  }
}

async function checkRpc(service: OwnService): Promise<void> {
  const client = await RpcClient.open(`${service.url.replace("http", "ws")}/ws/jsonrpc`);
  try {
    const { result } = await client.call("initialize", { clientInfo: { name: "test" } });
    const { maxMemory, maxTimeout } = result.serverCapabilities.limits;
    assertEquals({ maxMemory, maxTimeout }, { maxMemory: 128, maxTimeout: 2 });
    const { error } = await client.call("execution.run", { ...HELLO, timeout: 3, wait: true });
    assertStringIncludes(JSON.stringify(error), TIME);
  } finally {
    await client.close();
  }
}

Deno.test("an operator raises a ceiling above the service's own", async () => {
  await using service = await openService({ limitCeilings: { timeoutMs: 600_000, memoryMb: 8_192 } });
  const client = new ApiClient(service);
  const select = (timeoutMs: number) => client.status("POST", "/v1/runtimes/select", { ...TYPESCRIPT, timeoutMs });
  assertEquals([await select(600_000), await select(600_001)], [200, 400]);
});
