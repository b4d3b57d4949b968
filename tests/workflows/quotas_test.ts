import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Quotas } from "../../src/access/mod.ts";
import { SYSTEM_CLOCK } from "../../src/concurrency/clock.ts";
import { LOCAL_USER } from "../../src/core/principal.ts";
import { openStorage } from "../../src/storage/mod.ts";
import { RawClient } from "../server/rpc/raw_client.ts";
import { ApiClient } from "../support/api_client.ts";
import { createKey } from "../support/keys.ts";
import { openService, type OwnService } from "../support/own_service.ts";

const TYPESCRIPT = { language: "typescript" };
const EXECUTIONS = "/v1/executions";
/** Ms that have been used of a key's second of CPU time: a program that uses the rest takes less of whoever waits for it. */
const USED_BEFORE = 900;
/** Uses more than the rest, however long that takes. */
const BURNER = `import process from "node:process";
const used = () => { const { user, system } = process.cpuUsage(); return user + system; };
for (const end = used() + 700_000; used() < end;);
console.log("burnt");`;

/** A service with one key for each name, all with the same flags. */
async function withKeys(
  { names, flags }: { readonly names: readonly string[]; readonly flags: readonly string[] },
  test: (places: { readonly service: OwnService; readonly home: string }, ...keys: string[]) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    const keys: string[] = [];
    for (const name of names) keys.push(await createKey(home, name, ...flags));
    await using service = await openService({ home });
    await test({ service, home }, ...keys);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Charges a key for programs of today. */
function useBefore(home: string, key: string): void {
  const [, tenant = ""] = key.split("_");
  using storage = openStorage(join(home, "codebeaker.db"));
  const quotas = new Quotas({ usage: storage.usage, clock: SYSTEM_CLOCK });
  quotas.charge({ ...LOCAL_USER, tenant, quota: { cpuSecondsPerDay: 1 } }, USED_BEFORE);
}

/** The answers of JSON-RPC to some requests, one after the other. */
async function callEach(
  service: OwnService,
  { key, calls }: { readonly key: string; readonly calls: readonly (readonly [string, object])[] },
) {
  using client = await RawClient.open(Number(new URL(service.url).port), { authorization: `Bearer ${key}` });
  const replies = [];
  for (const [id, [method, params]] of calls.entries()) {
    await client.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    replies.push(await client.read());
  }
  return replies;
}

/** Whether an answer says that the key's quota is used up, and when to come again. */
async function assertBusy(response: Response, quota: string): Promise<void> {
  const { code, detail, retryAfterMs } = await response.json();
  assertEquals([response.status, code], [429, "busy"], detail);
  assertStringIncludes(detail, `(its quota ${quota})`);
  assert(Number.isInteger(retryAfterMs) && retryAfterMs > 0, `retryAfterMs is ${retryAfterMs}`);
  assertEquals(response.headers.get("retry-after"), String(Math.ceil(retryAfterMs / 1_000)));
}

Deno.test("a key's rate holds for one-shots over HTTP and over JSON-RPC", () =>
  withKeys(
    { names: ["http", "rpc"], flags: ["--executions-per-minute", "1"] },
    async ({ service }, httpKey = "", rpcKey = "") => {
      const http = new ApiClient(service, httpKey);
      const run = { ...TYPESCRIPT, code: "console.log(1)" };
      assertEquals((await http.json("POST", EXECUTIONS, run)).stdout, "1\n");
      await assertBusy(await http.ask("POST", EXECUTIONS, run), "executionsPerMinute");
      await assertBusy(
        await http.ask("POST", EXECUTIONS, run, { prefer: "respond-async" }),
        "executionsPerMinute",
      );
      const call = ["execution.run", { ...run, wait: true }] as const;
      const [first, second] = await callEach(service, { key: rpcKey, calls: [call, call] });
      assertEquals([first.result?.stdout, second.error?.code, second.error?.data.code], ["1\n", -32029, "busy"]);
      assert(second.error.data.retryAfterMs > 0);
    },
  ));

Deno.test("a key's rate holds for the programs of its sessions over HTTP and over JSON-RPC, and not for their files", () =>
  withKeys(
    { names: ["http", "rpc"], flags: ["--executions-per-minute", "1"] },
    async ({ service }, httpKey = "", rpcKey = "") => {
      const http = new ApiClient(service, httpKey);
      const { id } = await http.openSession(TYPESCRIPT);
      const code = "console.log(1)";
      assertEquals((await http.run(id, { code })).stdout, "1\n");
      await assertBusy(await http.ask("POST", `/v1/sessions/${id}/executions`, { code }), "executionsPerMinute");
      const commands = `/v1/sessions/${id}/commands`;
      await assertBusy(await http.ask("POST", commands, { type: "execute_code", code }), "executionsPerMinute");
      const written = await http.command(id, { type: "write_file", path: "a", content: "b" });
      assertEquals([written.success, (await http.json("GET", `/v1/sessions/${id}`)).executionCount], [true, 1]);
      const { id: sessionId } = await new ApiClient(service, rpcKey).openSession(TYPESCRIPT);
      const call = ["session.execute", { sessionId, command: { type: "execute_code", code } }] as const;
      const [first, second] = await callEach(service, { key: rpcKey, calls: [call, call] });
      assertEquals([first.result?.result.stdout, second.error?.code, second.error?.data.code], [
        "1\n",
        -32029,
        "busy",
      ]);
      assert(second.error.data.retryAfterMs > 0);
    },
  ));

Deno.test("what a program uses is taken off its key's budget of CPU time, and once that is used up nothing of it runs", () =>
  withKeys(
    { names: ["one-shot", "session", "other"], flags: ["--cpu-seconds-per-day", "1"] },
    async ({ service, home }, oneShotKey = "", sessionKey = "", otherKey = "") => {
      for (const key of [oneShotKey, sessionKey]) useBefore(home, key);
      const oneShot = new ApiClient(service, oneShotKey);
      const run = { ...TYPESCRIPT, code: "console.log(1)" };
      const { id } = await oneShot.openSession(TYPESCRIPT);
      const burnt = await oneShot.json("POST", EXECUTIONS, { ...TYPESCRIPT, code: BURNER, timeoutMs: 60_000 });
      assertEquals([burnt.stdout, burnt.outcome.kind], ["burnt\n", "exited"]);
      await assertBusy(await oneShot.ask("POST", EXECUTIONS, run), "cpuSecondsPerDay");
      await assertBusy(await oneShot.ask("POST", `/v1/sessions/${id}/executions`, { code: "1" }), "cpuSecondsPerDay");

      const session = new ApiClient(service, sessionKey);
      const { id: sessionId } = await session.openSession(TYPESCRIPT);
      assertEquals((await session.run(sessionId, { code: BURNER, timeoutMs: 60_000 })).stdout, "burnt\n");
      await assertBusy(
        await session.ask("POST", `/v1/sessions/${sessionId}/executions`, { code: "1" }),
        "cpuSecondsPerDay",
      );
      await assertBusy(await session.ask("POST", EXECUTIONS, run), "cpuSecondsPerDay");
      const call = ["session.execute", { sessionId, command: { type: "execute_code", code: "1" } }] as const;
      const [reply] = await callEach(service, { key: sessionKey, calls: [call] });
      assertEquals([reply.error?.code, reply.error?.data.retryAfterMs > 0], [-32029, true]);
      assertEquals((await new ApiClient(service, otherKey).json("POST", EXECUTIONS, run)).stdout, "1\n");
    },
  ));
