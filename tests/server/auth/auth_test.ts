import { assertEquals, assertStringIncludes } from "@std/assert";
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import type { AppEnv } from "../../../src/server/http/app_env.ts";
import { authenticate, type DoorKeys, guardOrigin } from "../../../src/server/auth/auth.ts";
import { sendProblem } from "../../../src/server/http/problem.ts";
import { addKey, openKeyring } from "../support/keyring.ts";

const HERE = "127.0.0.1";
const ELSEWHERE = "203.0.113.9";
/** A web origin that may call. */
const LISTED = "https://app.example";

interface AskOptions {
  readonly headers?: Record<string, string>;
  /** Null for a connection of which nothing is known. */
  readonly address?: string | null;
  readonly path?: string;
  readonly url?: string;
}

/** An app of one route that tells who asks, one that needs a scope, and those of health. */
function createDoor(keys: DoorKeys): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(requestId());
  app.use(guardOrigin(keys, { allowOrigins: [LISTED] }));
  app.use(authenticate(keys, [["/admin", "admin"], ["/below/", "sessions"]]));
  app.get("/who", (context) => context.json(context.get("caller")));
  app.get("/admin", (context) => context.json(context.get("caller")));
  app.get("/health/live", (context) => context.text("live"));
  app.get("/health/ready", (context) => context.text("ready"));
  app.onError((error, context) => sendProblem(context, error));
  return app;
}

async function ask(keys: DoorKeys, options: AskOptions = {}) {
  const { headers = {}, address = HERE, path = "/who", url = "http://localhost:8000" } = options;
  const connection = address === null ? {} : { remoteAddr: { transport: "tcp", hostname: address, port: 1 } as const };
  const response = await createDoor(keys).request(`${url}${path}`, {
    headers: { host: new URL(url).host, "x-request-id": "r1", ...headers },
  }, connection);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function statusOf(keys: DoorKeys, options: AskOptions = {}): Promise<number> {
  return (await ask(keys, options)).status;
}

Deno.test("authenticate() takes whoever uses this machine for the local user while no key is there", async () => {
  for (const address of [HERE, "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
    const { status, text } = await ask(openKeyring(), { address });
    assertEquals([address, status], [address, 200]);
    const { principal, requestId } = JSON.parse(text);
    assertEquals([principal.tenant, principal.scopes, requestId], ["local", ["execute", "sessions", "admin"], "r1"]);
  }
});

Deno.test("authenticate() takes nobody for the local user where guardOrigin() has not passed the request", async () => {
  const app = new Hono<AppEnv>();
  app.use(authenticate(openKeyring()));
  app.get("/who", (context) => context.json(context.get("caller")));
  app.onError((error, context) => sendProblem(context, error));
  assertEquals((await app.request("http://localhost:8000/who")).status, 401);
});

Deno.test("guardOrigin() refuses other machines, Hosts and Origins while no key is there, also for health and with a key", async () => {
  const other = addKey(openKeyring());
  for (const path of ["/who", "/health/live", "/health/ready", "/nothing"]) {
    for (const headers of [{}, other.headers]) {
      const keys = openKeyring();
      for (const address of [ELSEWHERE, "::2", "127.0.0.1.evil.com", null]) {
        const answer = await ask(keys, { path, headers, address });
        assertEquals([path, address, answer.status], [path, address, 401]);
        assertEquals(answer.headers.get("www-authenticate"), "Bearer");
      }
      for (const host of ["evil.com", "localhost.evil.com:8000", "192.168.1.5", "", "a b"]) {
        assertEquals([path, host, await statusOf(keys, { path, headers: { ...headers, host } })], [path, host, 403]);
      }
      for (const origin of [LISTED, "https://evil.com", "http://localhost.evil.com", "null", "file://"]) {
        assertEquals([origin, await statusOf(keys, { path, headers: { ...headers, origin } })], [origin, 403]);
      }
    }
  }
  assertEquals(await statusOf(openKeyring(), { headers: { origin: "http://localhost:3000" } }), 200);
});

Deno.test("authenticate() lets in the owner of a key from anywhere, under any Host", async () => {
  const keys = openKeyring();
  const { id, headers } = addKey(keys, { name: "ci" });
  for (const address of [HERE, ELSEWHERE, null]) {
    const { status, text } = await ask(keys, { headers, address, url: "http://beaker.example" });
    assertEquals([address, status], [address, 200]);
    const { principal } = JSON.parse(text);
    assertEquals([principal.tenant, principal.name], [id, "ci"]);
  }
});

Deno.test("authenticate() asks every client for a key once there is one, and names the scheme", async () => {
  const keys = openKeyring();
  assertEquals(await statusOf(keys), 200);
  const { headers } = addKey(keys);
  const stranger = addKey(openKeyring());
  for (const refused of [{}, stranger.headers, { authorization: "" }, { authorization: "Basic YTpi" }]) {
    for (const path of ["/who", "/admin", "/nothing", "/health", "/health/live/", "/health/livex", "/HEALTH/LIVE"]) {
      const answer = await ask(keys, { headers: refused, path });
      assertEquals([path, answer.status, answer.headers.get("www-authenticate")], [path, 401, "Bearer"]);
      assertEquals(JSON.parse(answer.text).code, "unauthorized");
    }
  }
  const wrong = await ask(keys, { headers: stranger.headers });
  assertEquals(wrong.text, (await ask(keys)).text);
  assertEquals(await statusOf(keys, { headers }), 200);
});

Deno.test("authenticate() refuses a key as soon as it is revoked, and then every client without a key", async () => {
  const keys = openKeyring();
  const { id, headers } = addKey(keys);
  assertEquals(await statusOf(keys, { headers }), 200);
  keys.revoke(id);
  assertEquals(await statusOf(keys, { headers }), 401);
  assertEquals(await statusOf(keys), 401);
});

Deno.test("authenticate() answers health without a key, from anywhere", async () => {
  const keys = openKeyring();
  addKey(keys);
  for (const path of ["/health/live", "/health/ready"]) {
    for (const address of [HERE, ELSEWHERE, null]) {
      assertEquals([path, await statusOf(keys, { path, address, url: "http://beaker.example" })], [path, 200]);
    }
    assertEquals(await statusOf(keys, { path, headers: { authorization: "Bearer nonsense" } }), 200);
  }
});

Deno.test("guardOrigin() takes an Origin that is listed, or names the same host and port", async () => {
  const keys = openKeyring();
  const { headers } = addKey(keys);
  const table: [string, string, number][] = [
    ["https://beaker.example", "beaker.example", 200],
    ["http://beaker.example", "beaker.example", 200],
    ["http://BEAKER.example", "beaker.EXAMPLE", 200],
    ["http://beaker.example", "beaker.example:80", 200],
    ["https://beaker.example", "beaker.example:443", 200],
    ["https://beaker.example:8443", "beaker.example:8443", 200],
    ["http://[::1]:8000", "[::1]:8000", 200],
    [LISTED, "beaker.example", 200],
    [`${LISTED}:8443`, "beaker.example", 403],
    [`${LISTED}/`, "beaker.example", 403],
    [`${LISTED}.evil.example`, "beaker.example", 403],
    ["http://app.example", "beaker.example", 403],
    ["https://beaker.example", "beaker.example:80", 403],
    ["https://beaker.example:8443", "beaker.example", 403],
    ["https://evil.example", "beaker.example", 403],
    ["https://beaker.example.evil.example", "beaker.example", 403],
    ["https://evil.example/beaker.example", "beaker.example", 403],
    ["https://beaker.example@evil.example", "beaker.example", 403],
    ["https://beaker.example/", "beaker.example", 403],
    ["http://localhost:3000", "localhost:8000", 403],
    ["ftp://beaker.example", "beaker.example", 403],
    ["null", "beaker.example", 403],
    ["null", "null", 403],
    ["", "beaker.example", 403],
    ["https://", "", 403],
    ["https://a b", "a b", 403],
    ["file://", "beaker.example", 403],
  ];
  for (const [origin, host, status] of table) {
    const answer = await statusOf(keys, { headers: { ...headers, origin, host } });
    assertEquals([origin, host, answer], [origin, host, status]);
  }
  assertEquals(await statusOf(keys, { path: "/health/live", headers: { origin: "https://evil.example" } }), 403);
});

Deno.test("guardOrigin() and authenticate() refuse the WebSocket of a page of another origin, and one without a key", async () => {
  const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
  const keyless = openKeyring();
  assertEquals(await statusOf(keyless, { headers: { ...upgrade, origin: "https://evil.example" } }), 403);
  assertEquals(await statusOf(keyless, { headers: { ...upgrade, host: "evil.example" } }), 403);
  assertEquals(await statusOf(keyless, { headers: upgrade }), 200);
  const keys = openKeyring();
  const { headers } = addKey(keys);
  assertEquals(await statusOf(keys, { headers: upgrade }), 401);
  assertEquals(await statusOf(keys, { headers: { ...headers, ...upgrade, origin: "https://evil.example" } }), 403);
  assertEquals(await statusOf(keys, { headers: { ...headers, ...upgrade, origin: "http://localhost:8000" } }), 200);
  assertEquals(await statusOf(keys, { headers: { ...headers, ...upgrade } }), 200);
});

Deno.test("authenticate() refuses a key without the scope of the path, and names both", async () => {
  const keys = openKeyring();
  assertEquals(await statusOf(keys, { path: "/admin" }), 200);
  const admin = addKey(keys, { name: "boss", scopes: ["admin"] });
  const { headers } = addKey(keys, { name: "ci", scopes: ["execute", "sessions"] });
  assertEquals(await statusOf(keys, { path: "/admin", headers: admin.headers }), 200);
  const { status, text } = await ask(keys, { path: "/admin", headers });
  const { code, detail } = JSON.parse(text);
  assertEquals([status, code], [403, "permission_denied"]);
  assertStringIncludes(detail, '"ci"');
  assertStringIncludes(detail, '"admin"');
});

Deno.test("authenticate() takes a path with a slash at its end for the one without, and for all below", async () => {
  const keys = openKeyring();
  const { headers } = addKey(keys, { name: "ci", scopes: ["execute"] });
  const statuses = {
    "/below": 403,
    "/below/": 403,
    "/below/a/b": 403,
    "/b%65low/a": 403,
    "/belowa": 404,
    "/admin/a": 404,
  };
  for (const [path, status] of Object.entries(statuses)) {
    assertEquals([path, await statusOf(keys, { path, headers })], [path, status]);
  }
});
