import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import type { ExecutionRequest } from "../../src/core/requests/execution_request.ts";
import { VERSION } from "../../src/core/version.ts";
import type { Caller, EnginePort, SubmitOptions } from "../../src/engine/port.ts";
import type { DoorKeys } from "../../src/server/auth/auth.ts";
import { createMethodIndex } from "../../src/server/http/methods.ts";
import { fakeEngine, fakeExecution } from "../support/fake_ports.ts";
import { appOf } from "./support/app_of.ts";
import { addKey, openKeyring } from "./support/keyring.ts";

const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any
  readonly body: any;
}

async function ask(
  path: string,
  options: {
    engine?: Partial<EnginePort>;
    body?: BodyInit;
    headers?: HeadersInit;
    connection?: { remoteAddr?: Deno.Addr };
    method?: string;
    keyring?: DoorKeys;
  } = {},
): Promise<Answer> {
  const { method = options.body === undefined ? "GET" : "POST", keyring = openKeyring() } = options;
  const app = appOf({ engine: fakeEngine(options.engine), keys: keyring });
  const init = { method, ...(options.body === undefined ? {} : { body: options.body }) };
  const headers = { host: "localhost:8000", ...options.headers as Record<string, string> };
  const response = await app.request(`http://localhost:8000${path}`, { ...init, headers }, options.connection ?? LOCAL);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
}

Deno.test("POST /v1/executions answers 200 with the execution, whatever the program did", async () => {
  const execution = fakeExecution({ outcome: { kind: "exited", exitCode: 3 }, exitCode: 3 });
  let seen: ExecutionRequest | undefined;
  const engine = {
    submit: (_caller: Caller, request: ExecutionRequest) => {
      seen = request;
      return Promise.resolve({ id: execution.id, ended: Promise.resolve(execution) });
    },
  };
  const { status, body } = await ask("/v1/executions", { engine, body: '{"language":"ts","code":"1"}' });
  assertEquals([status, body, seen?.language], [200, execution, "typescript"]);
});

Deno.test("a program has the signal of its request, also for a body of undeclared length", async () => {
  const client = new AbortController();
  const signals: unknown[] = [];
  const engine = {
    submit: (_caller: Caller, _request: ExecutionRequest, { signal }: SubmitOptions = {}) => {
      signals.push(signal);
      const execution = fakeExecution();
      return Promise.resolve({ id: execution.id, ended: Promise.resolve(execution) });
    },
  };
  const text = '{"language":"ts","code":"1"}';
  for (const body of [text, ReadableStream.from([new TextEncoder().encode(text)])]) {
    const headers = { host: "localhost:8000", ...typeof body === "string" ? { "content-length": "28" } : {} };
    const request = new Request("http://localhost:8000/v1/executions", { method: "POST", headers, body });
    Object.defineProperty(request, "signal", { value: client.signal });
    assertEquals((await appOf({ engine: fakeEngine(engine) }).fetch(request, LOCAL)).status, 200);
  }
  assertEquals(signals.map((signal) => signal === client.signal), [true, true]);
});

Deno.test("every error is a problem of RFC 9457 with the request's id", async () => {
  const { status, headers, body } = await ask("/v1/executions", {
    body: '{"langage":"ts","code":"1"}',
    headers: { "x-request-id": "abc" },
  });
  assertEquals([status, headers.get("content-type"), body.requestId, headers.get("x-request-id")], [
    400,
    "application/problem+json",
    "abc",
    "abc",
  ]);
  assertEquals([body.type, body.title, body.status, body.code], [
    "urn:codebeaker:error:invalid_request",
    "Invalid request",
    400,
    "invalid_request",
  ]);
  assert(
    body.errors.some(({ path, message }: { path: string; message: string }) =>
      path === "langage" && message.includes('"language"')
    ),
  );
  assertMatch((await ask("/health/live")).headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
});

Deno.test("a body that is no JSON, missing or too large is refused, with the reason", async () => {
  assertEquals((await ask("/v1/executions", { body: "{" })).body.code, "invalid_request");
  assertEquals((await ask("/v1/executions", { body: "" })).body.code, "invalid_request");
  const large = await ask("/v1/executions", { body: JSON.stringify({ language: "ts", code: "x".repeat(3_000) }) });
  assertEquals([large.status, large.body.code], [413, "too_large"]);
  const stream = ReadableStream.from([new Uint8Array(1_500), new Uint8Array(1_500)]);
  assertEquals((await ask("/v1/executions", { body: stream })).body.code, "too_large");
});

Deno.test("busy carries Retry-After in whole seconds", async () => {
  const engine = {
    submit: () => Promise.reject(new CodeBeakerError("busy", "Cannot run now", { details: { retryAfterMs: 1_200 } })),
  };
  const { status, headers, body } = await ask("/v1/executions", { engine, body: '{"language":"ts","code":"1"}' });
  assertEquals([status, headers.get("retry-after"), body.retryAfterMs], [429, "2", 1_200]);
});

Deno.test("an unforeseen error is answered as internal, without its text", async () => {
  const engine = { submit: () => Promise.reject(new Error("the secret")) };
  const { status, body } = await ask("/v1/executions", { engine, body: '{"language":"ts","code":"1"}' });
  assertEquals([status, body.code, body.detail], [500, "internal", "Internal error"]);
  assert(!JSON.stringify(body).includes("secret"));
});

Deno.test("an unknown route is not_found", async () => {
  const { status, body } = await ask("/v1/executionz");
  assertEquals([status, body.code], [404, "not_found"]);
  assertStringIncludes(body.detail, "GET /v1/executionz");
});

Deno.test("POST /v1/runtimes/select answers the selection, also when nothing fits", async () => {
  const selection = { chosen: null, preference: "balanced", floor: 9, candidates: [] } as const;
  let seen: Caller | undefined;
  const select = (caller: Caller) => {
    seen = caller;
    return Promise.resolve(selection);
  };
  const { status, body } = await ask("/v1/runtimes/select", { engine: { select }, body: '{"language":"ts"}' });
  assertEquals([status, body, seen?.principal.tenant], [200, selection, "local"]);
  assertEquals(
    (await ask("/v1/runtimes/select", { body: '{"language":"ts","stdin":"1"}' })).body.errors[0].path,
    "stdin",
  );
});

Deno.test("GET /v1/languages answers the languages that the engine describes", async () => {
  const languages = [{ name: "go", aliases: ["golang"], available: true, runtimes: ["fake"], contexts: false }];
  const engine = { describeLanguages: () => Promise.resolve(languages) };
  assertEquals((await ask("/v1/languages", { engine })).body, { languages });
  assertEquals((await ask("/v1/languages?name=go", { engine })).status, 400);
});

Deno.test("/health/live answers, and /health/ready is 503 with the reasons while no runtime is available", async () => {
  assertEquals((await ask("/health/live")).body, { status: "live", version: VERSION });
  const missing = [{ name: "deno", available: false, reason: "not installed" }];
  const { status, body } = await ask("/health/ready", { engine: { readiness: () => Promise.resolve(missing) } });
  assertEquals([status, body], [503, {
    status: "not_ready",
    runtimes: [{ name: "deno", available: false, reason: "not installed" }],
  }]);
});

Deno.test("GET /v1/diagnostics answers what the engine finds, and forbids caches to keep it", async () => {
  const diagnosis = {
    floor: 7,
    floorReached: true,
    memory: { machineMb: 2, budgetMb: 1 },
    checks: [],
    runtimes: [{ runtime: "fake", available: true, level: 8, layers: [], canaries: [] }],
  };
  const { status, headers, body } = await ask("/v1/diagnostics", {
    engine: { diagnose: () => Promise.resolve(diagnosis) },
  });
  assertEquals([status, headers.get("cache-control"), body], [200, "no-store", diagnosis]);
});

Deno.test("a client of another machine is refused while no key is configured", async () => {
  for (const hostname of ["192.168.1.5", "8.8.8.8", "::2", "fd00::1", "127.0.0.1.evil.com"]) {
    const { status, body } = await ask("/health/live", {
      connection: { remoteAddr: { transport: "tcp", hostname, port: 1 } },
    });
    assertEquals([hostname, status, body.code], [hostname, 401, "unauthorized"]);
  }
  assertEquals((await ask("/health/live", { connection: {} })).status, 401);
  for (const hostname of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
    assertEquals(
      (await ask("/health/live", { connection: { remoteAddr: { transport: "tcp", hostname, port: 1 } } })).status,
      200,
    );
  }
});

Deno.test("Host and Origin must be loopback, so that no web page drives the service", async () => {
  for (
    const host of ["evil.com", "localhost.evil.com", "evil.com:8000", "127.0.0.1.evil.com", "192.168.1.5", "", "a b"]
  ) {
    assertEquals([host, (await ask("/health/live", { headers: { host } })).status], [host, 403]);
  }
  for (const origin of ["https://evil.com", "http://localhost.evil.com", "null", "file://"]) {
    assertEquals([origin, (await ask("/health/live", { headers: { origin } })).status], [origin, 403]);
  }
  for (const host of ["localhost", "localhost:9", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"]) {
    assertEquals([host, (await ask("/health/live", { headers: { host, origin: "http://localhost:3000" } })).status], [
      host,
      200,
    ]);
  }
});

Deno.test("every route but health needs a key once there is one, and the scope that it is for", async () => {
  const keyring = openKeyring();
  const keys = {
    execute: addKey(keyring, { scopes: ["execute"] }),
    sessions: addKey(keyring, { scopes: ["sessions"] }),
    admin: addKey(keyring, { scopes: ["admin"] }),
  };
  const table: [string, (keyof typeof keys)[]][] = [
    ["POST /v1/executions", ["execute"]],
    ["GET /v1/executions", ["execute"]],
    ["GET /v1/executions/exec_1", ["execute", "sessions", "admin"]],
    ["GET /v1/executions/exec_1/events", ["execute", "sessions", "admin"]],
    ["POST /v1/runtimes/select", ["execute"]],
    ["GET /v1/runtimes", ["execute", "sessions", "admin"]],
    ["POST /v1/sessions", ["sessions"]],
    ["GET /v1/sessions", ["sessions"]],
    ["GET /v1/sessions/sess_1", ["sessions"]],
    ["DELETE /v1/sessions/sess_1", ["sessions"]],
    ["POST /v1/sessions/sess_1/executions", ["sessions"]],
    ["POST /v1/%73essions/sess_1/executions", ["sessions"]],
    ["GET /v1/sessions/sess_1/files/a.txt", ["sessions"]],
    ["GET /metrics", ["admin"]],
    ["GET /v1/diagnostics", ["admin"]],
  ];
  for (const [request, allowed] of table) {
    const [method = "", path = ""] = request.split(" ");
    const options = { keyring, method, ...(method === "POST" ? { body: "{}" } : {}) };
    assertEquals([request, (await ask(path, options)).status], [request, 401]);
    for (const [scope, { headers }] of Object.entries(keys)) {
      const { status, body } = await ask(path, { ...options, headers });
      const isLetIn = status !== 401 && status !== 403;
      assertEquals([request, scope, isLetIn], [request, scope, allowed.some((name) => name === scope)]);
      if (!isLetIn) assertEquals(body.code, "permission_denied");
    }
  }
  assertEquals((await ask("/health/live", { keyring })).status, 200);
});

Deno.test("GET / names the version and links that are served, also without a key", async () => {
  const keyring = openKeyring();
  addKey(keyring);
  const { status, body: { name, version, ...links } } = await ask("/", { keyring });
  assertEquals([status, name, version], [200, "CodeBeaker", VERSION]);
  const methodsOf = createMethodIndex(appOf());
  for (const [link, path] of Object.entries(links)) assert(methodsOf(String(path)).length > 0, link);
});
