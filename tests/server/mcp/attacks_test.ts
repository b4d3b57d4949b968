import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { Scope } from "../../../src/core/principal.ts";
import { parseWorkspacePath } from "../../../src/core/workspace_path.ts";
import type { SubmitOptions } from "../../../src/engine/port.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { fakeExecution, fakeSession, submitted, TESTER } from "../../support/fake_ports.ts";
import { until } from "../../support/until.ts";
import { appOf } from "../support/app_of.ts";
import { addKey, openKeyring } from "../support/keyring.ts";
import { CLIENTS } from "./clients.ts";
import { Door } from "./door.ts";
import { connectAndPost, initialize, initializing, legacy, messageOf, modern, post, readUntil } from "./raw.ts";

const CALL = { name: "run_code", arguments: { language: "ts", code: "1" } };

/** An engine whose program runs until it is cancelled. */
function endless() {
  const seen = { begun: 0, cancelled: 0 };
  const submit = (_caller: unknown, _request: unknown, options: SubmitOptions = {}) =>
    Promise.resolve(submitted(options, async () => {
      seen.begun++;
      await new Promise<void>((resolve) => options.signal?.addEventListener("abort", () => resolve()));
      seen.cancelled++;
    }));
  return { seen, submit };
}

/** Who comes in by a header: a tenant, with scopes. */
function byHeader(request: Request) {
  const tenant = request.headers.get("x-tenant") ?? "tester";
  const scopes = (request.headers.get("x-scopes")?.split(",") ?? TESTER.principal.scopes) as readonly Scope[];
  return { ...TESTER, principal: { ...TESTER.principal, tenant, scopes } };
}

for (const era of ["2025-11-25", "2026-07-28"]) {
  const call = async (url: URL) =>
    era === "2026-07-28" ? modern("tools/call", CALL) : legacy("tools/call", CALL, await initialize(url));

  Deno.test(`[${era}] a client that vanishes in the middle of a call cancels the program`, async () => {
    const { seen, submit } = endless();
    await using door = new Door({ engine: { submit } });
    const connection = await connectAndPost(door.url, await call(door.url));
    await until(() => seen.begun === 1, "the program begins");
    assert(door.requests.heldBytes > 0);
    connection.close();
    await until(() => seen.cancelled === 1, "the program is cancelled");
    await until(() => door.requests.heldBytes === 0, "the memory of the request is given back");
  });

  Deno.test(`[${era}] an answer that ends before its call, as for a reset connection, cancels the program`, async () => {
    const { seen, submit } = endless();
    await using door = new Door({ engine: { submit } });
    const { promise: completed, resolve: complete } = Promise.withResolvers<void>();
    const response = await door.app.request("/mcp", { method: "POST", ...await call(door.url) }, { completed });
    await until(() => seen.begun === 1, "the program begins");
    assertEquals(seen.cancelled, 0);
    complete();
    await until(() => seen.cancelled === 1, "the program is cancelled");
    await until(() => door.requests.heldBytes === 0, "the memory of the request is given back");
    await response.body?.cancel();
  });

  Deno.test(`[${era}] an answer holds its memory until its client has read it, or is gone`, async () => {
    const content = new Uint8Array(12_000_000).toBase64();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    await using door = new Door({
      sessions: {
        show: () => fakeSession(),
        async command(_caller, _id, _command, { memory } = {}) {
          await begun;
          memory?.growBy(500_000);
          return { success: true, result: { content } };
        },
      },
    });
    const params = { uri: "codebeaker://sessions/sess_1/files/a" };
    const reading = era === "2026-07-28"
      ? modern("resources/read", params)
      : legacy("resources/read", params, await initialize(door.url));
    const connection = await connectAndPost(door.url, reading);
    await readUntil(connection, "200 OK"); // The answer has begun, and holds no file yet.
    begin();
    await readUntil(connection, '"blob"'); // The file has been read, and its answer is on its way.
    assert(door.requests.heldBytes >= 500_000);
    const other = await messageOf(await post(door.url, reading));
    assertEquals(other.error.data.code, "busy");
    connection.close();
    await until(() => door.requests.heldBytes === 0, "the memory of the answer is given back");
  });

  Deno.test(`[${era}] half a body is refused, and holds nothing afterwards`, async () => {
    await using door = new Door();
    const { headers, body } = await call(door.url);
    const cut = await post(door.url, { headers, body: body.slice(0, 40) });
    assertEquals([cut.status, (await cut.json()).error.code], [400, -32700]);
    const half = await connectAndPost(door.url, { headers: { ...headers, "content-length": "60000" }, body });
    await until(() => door.requests.heldBytes === 60_000, "the request is read");
    half.close();
    await until(() => door.requests.heldBytes === 0, "the memory of the requests is given back");
  });

  Deno.test(`[${era}] a body over the bound is refused`, async () => {
    await using door = new Door({ maxBytes: 2_000 });
    const { headers, body } = await call(door.url);
    const response = await post(door.url, { headers, body: body.padEnd(2_001) });
    assertEquals([response.status, (await response.json()).error.data.code], [413, "too_large"]);
    const deep = await post(door.url, { headers, body: `${"[".repeat(500)}${"]".repeat(500)}` });
    assertEquals([deep.status, (await deep.json()).error.code], [400, -32700]);
  });
}

Deno.test("a batch, an id, a progress token and a client's description of itself are bounded", async () => {
  await using door = new Door();
  const session = await initialize(door.url);
  const ping = (id: unknown, _meta = {}) => ({ jsonrpc: "2.0", id, method: "ping", params: { _meta } });
  const { headers } = legacy("", {}, session);
  const send = async (body: unknown, more: Readonly<Record<string, string>> = headers) => {
    const response = await post(door.url, { headers: more, body: JSON.stringify(body) });
    const text = await response.text();
    return response.ok ? 200 : JSON.parse(text).error.data.code;
  };
  const { headers: without } = legacy("", {});
  const first = (name: string) => ({
    ...ping(1),
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name, version: "1.0.0" } },
  });
  const long = "x".repeat(257);
  const table: [body: unknown, code: number | string, headers?: Readonly<Record<string, string>>][] = [
    [Array.from({ length: 32 }, (_, id) => ping(id)), 200],
    [Array.from({ length: 33 }, (_, id) => ping(id)), "invalid_request"],
    [ping(long.slice(1)), 200],
    [ping(long), "invalid_request"],
    [[ping(1), ping(long)], "invalid_request"],
    [ping(2, { progressToken: long }), "invalid_request"],
    [first("x".repeat(16_000)), 200, without],
    [first("x".repeat(16_384)), "too_large", without],
  ];
  for (const [body, code, more] of table) {
    assertEquals(await send(body, more), code, JSON.stringify(body).slice(0, 200));
  }
});

Deno.test("another tenant's protocol session is not found, as one that never was", async () => {
  await using door = new Door({ caller: byHeader });
  const mine = await initialize(door.url);
  const list = (session: string, tenant: string) =>
    post(door.url, legacy("tools/list", {}, session), { "x-tenant": tenant });
  const answers = await Promise.all([list(mine, "other"), list("mcp_none", "other")].map(async (answer) => {
    const response = await answer;
    const { error } = await response.json();
    return [response.status, error.message];
  }));
  assertEquals(answers[0]?.[0], 404);
  assertEquals(answers[0], answers[1]);
  const ending = await fetch(door.url, { method: "DELETE", headers: { "mcp-session-id": mine, "x-tenant": "other" } });
  await ending.body?.cancel();
  assertEquals(ending.status, 404);
  const own = await list(mine, "tester");
  assertEquals((await messageOf(own)).result.tools.length, 6);
});

Deno.test("a key without the scope calls no tool and reads no resource", async () => {
  const refused: string[] = [];
  await using door = new Door({ caller: byHeader, observer: { refused: ({ error }) => refused.push(error.code) } });
  const denied: [scopes: string, method: string, params: Record<string, unknown>][] = [
    ["sessions", "tools/call", CALL],
    ["execute", "tools/call", { name: "run_code", arguments: { ...CALL.arguments, session: "new" } }],
    ["execute", "tools/call", { name: "list_files", arguments: { session: "sess_1" } }],
    ["execute", "tools/call", { name: "write_file", arguments: { language: "ts", path: "a", content: "" } }],
    ["admin", "tools/call", { name: "install_packages", arguments: { language: "ts", packages: ["a"] } }],
    ["admin", "tools/call", { name: "run_command", arguments: { language: "ts", command: "ls" } }],
    ["execute", "resources/list", {}],
    ["execute", "resources/read", { uri: "codebeaker://sessions/sess_1" }],
  ];
  for (const [scopes, method, params] of denied) {
    const { result, error } = await messageOf(await post(door.url, modern(method, params), { "x-scopes": scopes }));
    const problem = result?._meta["codebeaker/problem"] ?? error.data;
    assertEquals(problem.code, "permission_denied", JSON.stringify(params));
    assertStringIncludes(problem.detail, "must have the scope");
  }
  assertEquals(refused, denied.map(() => "permission_denied"));
});

Deno.test("a file name that leaves the workspace is refused in every spelling of a resource", async () => {
  await using door = new Door({
    sessions: {
      show: () => fakeSession(),
      command(_caller, _id, command) {
        const { path } = command as { readonly path: string };
        return Promise.reject(new CodeBeakerError("not_found", `Reached ${parseWorkspacePath(path)}`));
      },
    },
  });
  const outside = [
    ...["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "a/../../b", "%2Fetc%2Fpasswd"],
    ...["/etc/passwd", "a%00b", "a/%2e%2e/%2e%2e/b"],
  ];
  for (const path of outside) {
    const uri = `codebeaker://sessions/sess_1/files/${path}`;
    const { error } = await messageOf(await post(door.url, modern("resources/read", { uri })));
    assertEquals(error.data.code, "permission_denied", path);
  }
  for (const path of ["../x", "/etc/passwd", "a/../../b", "a\0b"]) {
    const params = { name: "read_file", arguments: { session: "sess_1", path } };
    const { result } = await messageOf(await post(door.url, modern("tools/call", params)));
    assertEquals(result._meta["codebeaker/problem"].code, "permission_denied", path);
  }
  for (const uri of ["file:///etc/passwd", "codebeaker://sessions/", "codebeaker://sessions/a/b", "http://x/%ff"]) {
    const { error } = await messageOf(await post(door.url, modern("resources/read", { uri })));
    assertEquals([error.code, error.data.uri], [-32602, uri]);
  }
});

Deno.test("without a key, and for a page of another origin or a rebound host, nothing is answered", async () => {
  const { headers, body } = modern("tools/list", {});
  const send = async (app: ReturnType<typeof appOf>, more: Readonly<Record<string, string>>) => {
    const remoteAddr = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
    const url = "http://127.0.0.1:8000/mcp";
    const response = await app.request(url, { method: "POST", headers: { ...headers, ...more }, body }, { remoteAddr });
    await response.body?.cancel();
    return [response.status, response.headers.get("www-authenticate")];
  };
  const open = appOf();
  assertEquals(await send(open, { host: "127.0.0.1:8000" }), [200, null]);
  assertEquals(await send(open, { host: "evil.example" }), [403, null]);
  assertEquals(await send(open, { host: "127.0.0.1:8000", origin: "https://evil.example" }), [403, null]);
  const keyring = openKeyring();
  const key = addKey(keyring);
  const keyed = appOf({ keys: keyring });
  assertEquals(await send(keyed, {}), [401, "Bearer"]);
  assertEquals(await send(keyed, key.headers), [200, null]);
  assertEquals(await send(keyed, { ...key.headers, origin: "https://evil.example" }), [403, null]);
  assertEquals(await send(keyed, { authorization: "Bearer wrong" }), [401, "Bearer"]);
});

Deno.test("a thousand protocol sessions that are never closed are bounded: for each tenant, for all, and in time", async () => {
  const clock = new FakeClock();
  await using door = new Door({
    clock,
    caller: byHeader,
    limits: { maxSessions: 30, maxSessionsPerTenant: 20, idleTimeoutMs: 1_000 },
  });
  const open = async (tenant: string) => await initialize(door.url, { "x-tenant": tenant });
  const { sessionCount } = await door.mcp.open();
  assertEquals(sessionCount, 0);
  const first = await open("a");
  for (let count = 1; count < 1_000; count++) await open("a");
  await Promise.all(Array.from({ length: 20 }, () => open("a")));
  assertEquals((await door.mcp.open()).sessionCount, 20);
  const late = await post(door.url, legacy("ping", {}, first), { "x-tenant": "a" });
  await late.body?.cancel();
  assertEquals(late.status, 404);
  for (let count = 0; count < 15; count++) await open("b"); // It takes the room of the tenant that has the most.
  assertEquals((await door.mcp.open()).sessionCount, 30);
  clock.advance(999);
  assertEquals((await door.mcp.open()).sessionCount, 30);
  clock.advance(1);
  assertEquals((await door.mcp.open()).sessionCount, 0);
});

Deno.test("a protocol session with a running call is neither evicted nor expired", async () => {
  const clock = new FakeClock();
  const { seen, submit } = endless();
  await using door = new Door({
    clock,
    engine: { submit },
    limits: { maxSessionsPerTenant: 1, idleTimeoutMs: 1_000 },
  });
  const session = await initialize(door.url);
  const connection = await connectAndPost(door.url, legacy("tools/call", CALL, session));
  await until(() => seen.begun === 1, "the program begins");
  clock.advance(5_000);
  const another = await initializing(door.url);
  assertEquals([another.status, (await another.json()).error.data.code], [429, "busy"]);
  assertEquals((await door.mcp.open()).sessionCount, 1);
  connection.close();
  await until(() => seen.cancelled === 1, "the program is cancelled");
  await until(async () => (await initialize(door.url)) !== "", "there is room for another");
});

Deno.test("a request of the earlier revisions without a session is refused, and so is a GET", async () => {
  await using door = new Door();
  const response = await post(door.url, legacy("tools/list", {}));
  assertEquals([response.status, (await response.json()).error.code], [400, -32600]);
  const remoteAddr = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
  const get = await appOf().request("/mcp", { headers: { accept: "text/event-stream", host: "localhost" } }, {
    remoteAddr,
  });
  assertEquals([get.status, get.headers.get("allow")], [405, "DELETE, OPTIONS, POST"]);
});

for (const { name, connect } of CLIENTS) {
  Deno.test(`[${name}] fields that are null count as absent`, async () => {
    await using door = new Door({
      engine: {
        submit: () => Promise.resolve({ id: "exec_1", ended: Promise.resolve(fakeExecution({ stdout: "1" })) }),
      },
    });
    await using client = await connect(door.url);
    const given = { language: "ts", code: "1", session: null, permissions: { allowNet: null }, limits: null };
    assertEquals((await client.call("run_code", given)).content, [{ type: "text", text: "1" }]);
  });
}
