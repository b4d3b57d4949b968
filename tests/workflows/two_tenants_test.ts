import { assert, assertEquals, assertRejects } from "@std/assert";
import { messageOf, modern, post } from "../server/mcp/raw.ts";
import { RpcClient } from "../server/rpc/door.ts";
import { ApiClient } from "../support/api_client.ts";
import { runAlone } from "../support/cli.ts";
import { documentedFetch } from "../support/documented.ts";
import { createKey } from "../support/keys.ts";
import { openService } from "../support/own_service.ts";
import { nextEvent, serverEvents } from "../support/server_events.ts";
import { until } from "../support/until.ts";

const SLEEPER = "console.log('begun'); setInterval(() => {}, 1000);";

Deno.test("two tenants under attack by each other see, guess and change nothing of one another", async () => {
  const home = await Deno.makeTempDir();
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(home, { recursive: true }));
  const [aliceKey, malloryKey] = [await createKey(home, "alice"), await createKey(home, "mallory")];
  await using service = await openService({ home });
  const [alice, mallory] = [new ApiClient(service, aliceKey), new ApiClient(service, malloryKey)];
  assertEquals(await new ApiClient(service).status("GET", "/v1/sessions"), 401);

  const { id } = await alice.openSession({ language: "typescript", env: { TOKEN: "alices-secret" } });
  assertEquals(await alice.status("PUT", `/v1/sessions/${id}/files/secret.txt`, "for alice only"), 201);
  const accepted = await alice.json("POST", `/v1/sessions/${id}/executions`, { code: SLEEPER, timeoutMs: 60_000 }, {
    prefer: "respond-async",
    "idempotency-key": "shared-key",
  });
  await until(
    async () => (await alice.json("GET", `/v1/executions/${accepted.id}`)).stdout === "begun\n",
    "the program runs",
  );

  const attacks: readonly (readonly [string, string, unknown?])[] = [
    ["GET", `/v1/sessions/${id}`],
    ["DELETE", `/v1/sessions/${id}`],
    ["POST", `/v1/sessions/${id}/executions`, { code: "1" }],
    ["POST", `/v1/sessions/${id}/commands`, { type: "read_file", path: "secret.txt" }],
    ["GET", `/v1/sessions/${id}/files`],
    ["GET", `/v1/sessions/${id}/files/secret.txt`],
    ["PUT", `/v1/sessions/${id}/files/secret.txt`, "changed"],
    ["DELETE", `/v1/sessions/${id}/files/secret.txt`],
    ["GET", `/v1/sessions/${id}/archive`],
    ["PUT", `/v1/sessions/${id}/archive`, "x"],
    ["GET", `/v1/executions/${accepted.id}`],
    ["DELETE", `/v1/executions/${accepted.id}`],
    ["POST", `/v1/executions/${accepted.id}/stdin`, { text: "x", close: true }],
  ];
  for (const [method, path, body] of attacks) {
    const refused = await mallory.json(method, path, body);
    const unknown = await mallory.json(
      method,
      path.replace(id, id.replace(/.$/, "x")).replace(accepted.id, "exec_x"),
      body,
    );
    assertEquals([method, path, refused.status, refused.code], [method, path, 404, "not_found"]);
    assertEquals([unknown.status, unknown.code], [refused.status, refused.code]);
  }
  assertEquals((await mallory.json("GET", "/v1/sessions")).sessions, []);
  const byMcp = async (key: string, method: string, params: Readonly<Record<string, unknown>>) => {
    const authorization = `Bearer ${key}`;
    const { result, error } = await messageOf(
      await post(new URL(`${service.url}/mcp`), modern(method, params), { authorization }),
    );
    return error?.code ?? result._meta?.["codebeaker/problem"]?.code ?? "done";
  };
  const tools: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["run_code", { code: "1" }],
    ["run_command", { command: "ls" }],
    ["read_file", { path: "secret.txt" }],
    ["write_file", { path: "secret.txt", content: "changed" }],
    ["list_files", {}],
    ["install_packages", { packages: ["a"] }],
  ];
  for (const [name, args] of tools) {
    const params = { name, arguments: { session: id, ...args } };
    assertEquals([name, await byMcp(malloryKey, "tools/call", params)], [name, "not_found"]);
  }
  const uri = `codebeaker://sessions/${id}/files/secret.txt`;
  assertEquals(await byMcp(malloryKey, "resources/read", { uri }), -32602);
  assertEquals(await byMcp(aliceKey, "resources/read", { uri }), "done");

  const own = await mallory.openSession({ language: "typescript" });
  const spying = await mallory.run(own.id, {
    code: `const seen = [];
for (const path of ["../../..", "/proc/self/environ", "/tmp", "../../" + ${JSON.stringify(id)}]) {
  try { seen.push([...Deno.readDirSync(path)].map(({ name }) => name)); } catch (error) { seen.push(error.name); }
}
console.log(JSON.stringify([seen, Deno.env.get("TOKEN") ?? null]));`,
  });
  const [[above, variables, temporary, beside], token] = JSON.parse(spying.stdout);
  assertEquals([above, variables, beside, token], ["NotCapable", "NotCapable", "NotCapable", null]);
  assert(temporary === "NotCapable" || temporary.length === 0, `/tmp is not its own: ${temporary}`);
  const repeated = await mallory.json("POST", "/v1/executions", { language: "typescript", code: "console.log(1)" }, {
    "idempotency-key": "shared-key",
  });
  assertEquals([repeated.status, repeated.stdout], [200, "1\n"]);

  const { stdout, state } = await alice.json("GET", `/v1/executions/${accepted.id}`);
  assertEquals([stdout, state], ["begun\n", "running"]);
  assertEquals(await (await alice.ask("GET", `/v1/sessions/${id}/files/secret.txt`)).text(), "for alice only");
  const { sessions } = await alice.json("GET", "/v1/sessions");
  assertEquals(sessions.map((session: { id: string }) => session.id), [id]);
});

Deno.test("a tenant's quota is its own, a key's floor and ceiling hold, and a revoked key is out at once", async () => {
  const home = await Deno.makeTempDir();
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(home, { recursive: true }));
  const bounded = await createKey(home, "bounded", "--max-concurrent", "1", "--allow-net", "false");
  const careful = await createKey(home, "careful", "--min-isolation", "10", "--scopes", "execute");
  const free = await createKey(home, "free");
  await using service = await openService({ home });
  const run = (key: string, fields: Record<string, unknown> = {}) =>
    new ApiClient(service, key).json("POST", "/v1/executions", { language: "typescript", code: "1", ...fields });
  const gone = new AbortController();
  const holding = documentedFetch(`${service.url}/v1/executions`, {
    method: "POST",
    headers: { authorization: `Bearer ${bounded}`, accept: "text/event-stream" },
    body: JSON.stringify({ language: "typescript", code: SLEEPER, timeoutMs: 60_000 }),
    signal: gone.signal,
  });
  const reader = (await holding).body?.getReader();
  assert((await reader?.read())?.done === false);
  const [busy, other] = await Promise.all([run(bounded), run(free)]);
  assertEquals([busy.status, busy.code, other.status], [429, "busy", 200]);
  gone.abort();
  await assertRejects(async () => {
    while (!(await reader?.read())?.done);
  }, DOMException);
  await until(async () => (await run(bounded)).status === 200, "the place is free again");
  const networked = await run(bounded, { permissions: { allowNet: true } });
  assertEquals([networked.status, networked.code], [403, "permission_denied"]);
  const unsafe = await run(careful);
  assertEquals([unsafe.status, unsafe.code, unsafe.selection.floor], [422, "no_suitable_runtime", 10]);
  assertEquals((await new ApiClient(service, careful).json("GET", "/v1/sessions")).code, "permission_denied");
  assertEquals((await new ApiClient(service, free).json("GET", "/metrics")).code, "permission_denied");
  const [, keyId = ""] = free.split("_");
  assertEquals((await runAlone(["keys", "revoke", keyId, "--home", home])).code, 0);
  assertEquals((await run(free)).status, 401);
  const audit = async () => (await runAlone(["audit", "--home", home])).stdout;
  const has = async (isWanted: (line: Record<string, unknown>) => boolean) =>
    (await audit()).trim().split("\n").some((line) => isWanted(JSON.parse(line)));
  // A line is written a little after its answer, and later while another process writes.
  await until(() => has(({ action, key }) => action === "execution" && key === "bounded"), "the execution is logged");
  assert(await has(({ action, subject }) => action === "key.revoke" && subject === keyId));
  assert(!(await audit()).includes("setInterval"));
});

Deno.test("a key that is revoked ends what it opened: its sessions, its programs, and connections that only listen", async () => {
  const home = await Deno.makeTempDir();
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(home, { recursive: true }));
  const [leaked, admin] = [
    await createKey(home, "leaked"),
    await createKey(home, "admin", "--scopes", "sessions,admin"),
  ];
  await using service = await openService({ home });
  const [thief, owner] = [new ApiClient(service, leaked), new ApiClient(service, admin)];
  const [stolen, kept] = [
    await thief.openSession({ language: "typescript" }),
    await owner.openSession({ language: "typescript" }),
  ];
  const listening = await RpcClient.open(`${service.url.replace("http", "ws")}/ws/jsonrpc`, leaked);
  const streaming = await thief.ask("POST", "/v1/executions", { language: "typescript", code: SLEEPER }, {
    accept: "text/event-stream",
  });
  const events = serverEvents(streaming.body ?? new ReadableStream());
  while ((await nextEvent(events)).event !== "stdout");
  assertEquals((await runAlone(["keys", "revoke", leaked.split("_")[1] ?? "", "--home", home])).code, 0);
  assertEquals((await nextEvent(events)).data.outcome, { kind: "interrupted", reason: "its key was revoked" });
  assertEquals((await listening.closed).code, 1008);
  const closings = async () => {
    const { stdout } = await runAlone(["audit", "--home", home]);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    return lines.filter(({ action }) => action === "session.close").map((
      { subject, facts },
    ) => [subject, facts.closedBecause]);
  };
  await until(async () => (await closings()).length > 0, "the session is closed");
  assertEquals(await closings(), [[stolen.id, "key_revoked"]]);
  assertEquals((await owner.json("GET", `/v1/sessions/${kept.id}`)).state, "idle");
});
