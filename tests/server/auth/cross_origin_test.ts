import { assertEquals, assertStringIncludes } from "@std/assert";
import { fakeEngine } from "../../support/fake_ports.ts";
import { appOf } from "../support/app_of.ts";
import { addKey, openKeyring } from "../support/keyring.ts";

const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;
const LISTED = "https://app.example";
const LOCAL_PAGE = "http://localhost:3000";

const keys = openKeyring();
const { headers: credential } = addKey(keys);
const engine = fakeEngine({ describeRuntimes: () => Promise.resolve([]) });
const app = appOf({ engine, keys, allowOrigins: [LISTED] });
const keyless = appOf({ engine, allowOrigins: [LISTED, LOCAL_PAGE] });

async function ask(request: string, headers: Record<string, string>, on = app) {
  const [method = "", path = ""] = request.split(" ");
  const init = { method, headers: { host: "localhost", ...headers } };
  const response = await on.request(`http://localhost${path}`, init, LOCAL);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function preflight(origin: string, method = "POST"): Record<string, string> {
  return {
    origin,
    "access-control-request-method": method,
    "access-control-request-headers": "authorization, content-type",
  };
}

Deno.test("allowCrossOrigin() answers the preflight of a listed origin without a key", async () => {
  const { status, headers } = await ask("OPTIONS /v1/executions", preflight(LISTED));
  assertEquals([status, headers.get("access-control-allow-origin")], [204, LISTED]);
  assertStringIncludes(headers.get("access-control-allow-methods") ?? "", "POST");
  assertEquals(headers.get("access-control-allow-headers"), "authorization,content-type");
  assertStringIncludes(headers.get("vary") ?? "", "Origin");
  assertEquals(headers.get("access-control-allow-credentials"), null);
});

Deno.test("allowCrossOrigin() lets a listed origin read answers, problems included", async () => {
  const table: [Record<string, string>, string, number][] = [
    [credential, "GET /v1/runtimes", 200],
    [credential, "GET /v1/nothing", 404],
    [credential, "PUT /v1/runtimes", 405],
    [{}, "GET /v1/runtimes", 401],
  ];
  for (const [more, request, expected] of table) {
    const { status, headers } = await ask(request, { origin: LISTED, ...more });
    assertEquals([request, status, headers.get("access-control-allow-origin")], [request, expected, LISTED]);
    assertEquals(headers.get("vary"), "Origin");
    for (const name of ["Location", "ETag", "Retry-After", "Preference-Applied", "X-Request-Id", "Allow"]) {
      assertStringIncludes(headers.get("access-control-expose-headers") ?? "", name);
    }
  }
});

Deno.test("an origin that is not listed gets a 403 that names the setting, its preflight too", async () => {
  for (const headers of [{ origin: "https://evil.example", ...credential }, preflight("https://evil.example")]) {
    const answer = await ask(`${"authorization" in headers ? "GET" : "OPTIONS"} /v1/runtimes`, headers);
    assertEquals([answer.status, answer.headers.get("access-control-allow-origin")], [403, null]);
    assertStringIncludes(JSON.parse(answer.text).detail, "--allow-origins");
  }
});

Deno.test("answers vary by Origin also where there is none, and without a list nothing of CORS is answered", async () => {
  assertEquals((await ask("GET /v1/runtimes", { ...credential })).headers.get("vary"), "Origin");
  const { headers } = await ask("GET /v1/runtimes", { origin: LOCAL_PAGE }, appOf({ engine }));
  assertEquals([headers.get("vary"), headers.get("access-control-allow-origin")], [null, null]);
});

Deno.test("without keys a listed origin must be loopback, and any loopback origin gets no more than it is listed for", async () => {
  const refused = await ask("GET /v1/runtimes", { origin: LISTED }, keyless);
  assertEquals(refused.status, 403);
  assertStringIncludes(JSON.parse(refused.text).detail, "no API key");
  assertEquals((await ask("OPTIONS /v1/executions", preflight(LISTED), keyless)).status, 403);
  const origins = [[LOCAL_PAGE, LOCAL_PAGE], ["http://localhost:4000", null]] as const;
  for (const [origin, allowed] of origins) {
    const { status, headers } = await ask("GET /v1/runtimes", { origin }, keyless);
    assertEquals([origin, status, headers.get("access-control-allow-origin")], [origin, 200, allowed]);
  }
});
