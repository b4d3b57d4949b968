import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ExecutionEvent } from "../../../src/engine/port.ts";
import { fakeEngine } from "../../support/fake_ports.ts";
import { appOf } from "../support/app_of.ts";
import { addKey, openKeyring } from "../support/keyring.ts";

const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;

async function ask(request: string, options: { readonly headers?: Record<string, string>; app?: typeof app } = {}) {
  const [method = "", path = ""] = request.split(" ");
  const headers = { host: "localhost", ...options.headers };
  const response = await (options.app ?? app).request(`http://localhost${path}`, { method, headers }, LOCAL);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const app = appOf();

Deno.test("a known path answers another method with 405 and the methods that it takes", async () => {
  const table = [
    ["PUT /v1/runtimes", "GET, HEAD, OPTIONS"],
    ["GET /v1/runtimes/select", "OPTIONS, POST"],
    ["PATCH /v1/sessions/sess_1/files/a/b.txt", "DELETE, GET, HEAD, OPTIONS, PUT"],
    ["POST /health/live", "GET, HEAD, OPTIONS"],
    ["PURGE /api/language/python", "GET, HEAD, OPTIONS"],
  ];
  for (const [request = "", allow] of table) {
    const { status, headers, text } = await ask(request);
    assertEquals([request, status, headers.get("allow")], [request, 405, allow]);
    const problem = JSON.parse(text);
    assertEquals([problem.status, problem.code, headers.get("content-type")], [
      405,
      "invalid_request",
      "application/problem+json",
    ]);
    assertStringIncludes(problem.detail, request);
  }
});

Deno.test("HEAD answers as GET does, and 405 where there is no GET", async () => {
  assertEquals([(await ask("HEAD /health/live")).status, (await ask("HEAD /health/live")).text], [200, ""]);
  assertEquals([(await ask("HEAD /v1/runtimes/select")).status, (await ask("HEAD /v1/nothing")).status], [405, 404]);
});

Deno.test("HEAD leaves no reader of the stream that GET answers with", async () => {
  const gone = Promise.withResolvers<void>();
  const noEvents = async (signal: AbortSignal): Promise<IteratorResult<ExecutionEvent>> => {
    signal.addEventListener("abort", () => gone.resolve());
    await gone.promise;
    return { done: true, value: undefined };
  };
  const engine = fakeEngine({
    follow: (_caller, _id, { signal }) => ({ [Symbol.asyncIterator]: () => ({ next: () => noEvents(signal) }) }),
  });
  assertEquals((await ask("HEAD /v1/executions/exec_1/events", { app: appOf({ engine }) })).status, 200);
  await gone.promise;
});

Deno.test("OPTIONS answers a known path with its methods", async () => {
  const { status, headers } = await ask("OPTIONS /v1/runtimes/select");
  assertEquals([status, headers.get("allow")], [204, "OPTIONS, POST"]);
  assertEquals((await ask("OPTIONS /v1/runtimez")).status, 404);
});

Deno.test("an unknown path is 404 with every method", async () => {
  for (const method of ["GET", "PUT", "DELETE", "PURGE"]) {
    for (const path of ["/v1", "/v1/", "/v1/executions/", "/v1/runtimes/select/x", "/health"]) {
      assertEquals([method, path, (await ask(`${method} ${path}`)).status], [method, path, 404]);
    }
  }
});

Deno.test("without a key a known path is answered like an unknown one", async () => {
  const keys = openKeyring();
  addKey(keys);
  for (const request of ["PUT /v1/runtimes", "OPTIONS /v1/runtimes", "PUT /v1/nothing"]) {
    assertEquals((await ask(request, { app: appOf({ keys }) })).status, 401);
  }
});

Deno.test("an empty body of a POST counts as {}, whatever its content type", async () => {
  const headers: Record<string, string>[] = [{}, { "content-type": "application/json" }, { "content-length": "0" }];
  for (const given of headers) {
    const { status, text } = await ask("POST /v1/runtimes/select", { headers: given });
    const [{ path }] = JSON.parse(text).errors;
    assertEquals([status, path], [400, "language"]);
  }
});

Deno.test("an unknown path says which one was probably meant", async () => {
  const table = [
    ["POST /v1/executions/", "omit the slash at its end"],
    ["POST /run", "POST /v1/executions runs a program"],
    ["POST /execute", "POST /v1/executions runs a program"],
    ["GET /v1", "GET /openapi.json lists all"],
  ];
  for (const [request = "", advice = ""] of table) {
    assertStringIncludes(JSON.parse((await ask(request)).text).detail, `Cannot find ${request}: `);
    assertStringIncludes(JSON.parse((await ask(request)).text).detail, advice);
  }
});
