import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { ExecutionRequest } from "../../../src/core/requests/execution_request.ts";
import type { Caller, EnginePort, ExecutionReport, SubmitOptions } from "../../../src/engine/port.ts";
import { fakeExecution, submitted, TESTER } from "../../support/fake_ports.ts";
import { until } from "../../support/until.ts";
import { ask, doorOf, openDoor } from "./door.ts";

const REQUEST = { language: "ts", code: "1" };
const NOT_FOUND = new CodeBeakerError("not_found", "Cannot find the execution");

/** A submit that remembers what it was given. */
function recorder() {
  const seen: { caller: Caller; request: ExecutionRequest; options: SubmitOptions }[] = [];
  const submit = (caller: Caller, request: ExecutionRequest, options: SubmitOptions = {}) => {
    seen.push({ caller, request, options });
    return Promise.resolve(submitted(options));
  };
  return { seen, submit };
}

Deno.test("POST /v1/executions answers 200 with the execution, whose program ends with its client", async () => {
  const { seen, submit } = recorder();
  const { status, body } = await ask({ engine: { submit } }, "POST /v1/executions", { body: REQUEST });
  assertEquals([status, body], [200, fakeExecution()]);
  assertEquals([seen[0]?.caller, seen[0]?.request.language], [TESTER, "typescript"]);
  const { signal, isInteractive, isPatient, idempotencyKey } = seen[0]?.options ?? {};
  assertEquals([signal?.aborted, isInteractive, isPatient, idempotencyKey], [false, undefined, undefined, undefined]);
});

Deno.test("POST /v1/executions with Prefer: respond-async answers 202 and where to ask, and outlives its client", async () => {
  const { seen, submit } = recorder();
  const { status, headers, body } = await ask({ engine: { submit } }, "POST /v1/executions", {
    body: REQUEST,
    headers: { prefer: "respond-async", "idempotency-key": "key-1" },
  });
  assertEquals([status, headers.get("location"), headers.get("preference-applied"), body], [
    202,
    "/v1/executions/exec_1",
    "respond-async",
    { id: "exec_1", status: "queued" },
  ]);
  const { memory, ...options } = seen[0]?.options ?? {};
  assertEquals(options, { isInteractive: true, isPatient: true, idempotencyKey: "key-1" });
  assert(memory !== undefined);
});

Deno.test("POST /v1/executions with Prefer: respond-async tells how it stands, where it was submitted before", async () => {
  for (const status of ["queued", "running", "ended", "failed"] as const) {
    const submit = () => Promise.resolve({ id: "exec_2", ended: Promise.resolve(fakeExecution()), status });
    const answer = await ask({ engine: { submit } }, "POST /v1/executions", {
      body: REQUEST,
      headers: { prefer: "respond-async", "idempotency-key": "key-1" },
    });
    assertEquals([answer.status, answer.body], [202, { id: "exec_2", status }]);
  }
});

Deno.test("POST /v1/executions with Prefer: respond-async does not wait for the end, nor mind how it ends", async () => {
  const ended = Promise.withResolvers<never>();
  const submit = () => Promise.resolve({ id: "exec_2", ended: ended.promise });
  const { status } = await ask({ engine: { submit } }, "POST /v1/executions", {
    body: REQUEST,
    headers: { prefer: "respond-async" },
  });
  ended.reject(new Error("it broke"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(status, 202);
});

Deno.test("POST /v1/executions takes an Idempotency-Key with each kind of answer, and refuses an invalid one", async () => {
  for (const headers of [{}, { accept: "text/event-stream" }, { prefer: "respond-async" }]) {
    const { seen, submit } = recorder();
    const refused = await ask({ engine: { submit } }, "POST /v1/executions", {
      body: REQUEST,
      headers: { ...headers, "idempotency-key": "two words" },
    });
    assertEquals([refused.status, refused.body.code, seen.length], [400, "invalid_request", 0]);
    assertEquals(refused.body.errors[0].path, "Idempotency-Key");
  }
  for (const headers of [{}, { accept: "text/event-stream" }]) {
    const seen: SubmitOptions[] = [];
    const submit: EnginePort["submit"] = (_caller, _request, options = {}) => {
      seen.push(options);
      return Promise.reject(new CodeBeakerError("busy", "Cannot run now"));
    };
    const given = { ...headers, "idempotency-key": "key-1", "prefer": "wait=1" };
    await ask({ engine: { submit } }, "POST /v1/executions", { body: REQUEST, headers: given });
    assertEquals([seen[0]?.idempotencyKey, seen[0]?.maxQueueMs], ["key-1", 1_000]);
  }
});

Deno.test("POST /v1/executions tells what cannot be taken in, or run, as a problem with each kind of answer", async () => {
  const busy = new CodeBeakerError("busy", "Cannot run now", { details: { retryAfterMs: 1_200 } });
  for (const headers of [{}, { accept: "text/event-stream" }, { prefer: "respond-async" }]) {
    const answer = await ask({ engine: { submit: () => Promise.reject(busy) } }, "POST /v1/executions", {
      body: REQUEST,
      headers,
    });
    assertEquals([answer.status, answer.headers.get("content-type"), answer.headers.get("retry-after")], [
      429,
      "application/problem+json",
      "2",
    ]);
    assertEquals((await ask({}, "POST /v1/executions", { body: "{", headers })).body.code, "invalid_request");
  }
  for (const headers of [{}, { accept: "text/event-stream" }]) {
    const submit = () => Promise.resolve({ id: "exec_1", ended: Promise.reject(busy) });
    assertEquals((await ask({ engine: { submit } }, "POST /v1/executions", { body: REQUEST, headers })).status, 429);
  }
});

Deno.test("GET /v1/executions/{id} tells the state, then the execution, then why the service could not run it", async () => {
  const running: ExecutionReport = {
    status: "running",
    id: "exec_1",
    language: "typescript",
    sessionId: "sess_1",
    createdAt: "2026-01-01T00:00:00.000Z",
    stdout: "so far",
    stderr: "",
  };
  const get = (report: ExecutionReport) =>
    ask({ engine: { report: () => Promise.resolve(report) } }, "GET /v1/executions/exec_1");
  assertEquals((await get(running)).body, running);
  assertEquals((await get({ status: "ended", execution: fakeExecution() })).body, fakeExecution());
  const failure = { code: "runtime_unavailable", message: "Cannot run it", details: { retryAfterMs: 5 } } as const;
  const failed = await get({ status: "failed", id: "exec_1", error: failure });
  assertEquals([failed.status, failed.body.id, failed.body.status], [200, "exec_1", "failed"]);
  assertEquals([failed.body.error.code, failed.body.error.status, failed.body.error.detail], [
    "runtime_unavailable",
    503,
    "Cannot run it",
  ]);
  const secret = { code: "internal", message: "the secret", details: {} } as const;
  assertEquals(
    (await get({ status: "failed", id: "exec_1", error: secret })).body.error.detail,
    "Internal error",
  );
});

Deno.test("GET /v1/executions/{id} waits as long as waitMs says, at most a minute", async () => {
  const seen: unknown[] = [];
  const report = (caller: Caller, id: string, options: { readonly waitMs?: number } = {}) => {
    seen.push([caller, id, options.waitMs]);
    return Promise.resolve({ status: "ended", execution: fakeExecution() } as const);
  };
  for (const query of ["", "?waitMs=0", "?waitMs=60000"]) {
    assertEquals((await ask({ engine: { report } }, `GET /v1/executions/exec_1${query}`)).status, 200);
  }
  assertEquals(seen, [[TESTER, "exec_1", 0], [TESTER, "exec_1", 0], [TESTER, "exec_1", 60_000]]);
  for (const query of ["waitMs=60001", "waitMs=-1", "waitMs=1.5", "waitMs=", "waitMs=1&waitMs=1", "waitms=1"]) {
    const { status, body } = await ask({ engine: { report } }, `GET /v1/executions/exec_1?${query}`);
    assertEquals([query, status, body.code], [query, 400, "invalid_request"]);
  }
  assertStringIncludes(
    (await ask({ engine: { report } }, "GET /v1/executions/exec_1?waitMS=1")).body.detail,
    'did you mean "waitMs"',
  );
});

Deno.test("GET, DELETE and stdin of an execution that is not there, or another tenant's, are not_found", async () => {
  const engine = {
    report: () => Promise.reject(NOT_FOUND),
    cancel: () => {
      throw NOT_FOUND;
    },
    feed: () => Promise.reject(NOT_FOUND),
  };
  for (
    const [request, body] of [
      ["GET /v1/executions/exec_2"],
      ["DELETE /v1/executions/exec_2"],
      ["POST /v1/executions/exec_2/stdin", { text: "a" }],
    ] as const
  ) {
    const answer = await ask({ engine }, request, body === undefined ? {} : { body });
    assertEquals([request, answer.status, answer.body.code], [request, 404, "not_found"]);
  }
});

Deno.test("DELETE /v1/executions/{id} asks for the end and answers 204, as often as it is asked", async () => {
  const cancelled: unknown[] = [];
  const engine = { cancel: (caller: Caller, id: string) => void cancelled.push([caller, id]) };
  for (const _round of [1, 2]) {
    const { status, body } = await ask({ engine }, "DELETE /v1/executions/exec_1");
    assertEquals([status, body], [204, undefined]);
  }
  assertEquals(cancelled, [[TESTER, "exec_1"], [TESTER, "exec_1"]]);
});

Deno.test("POST /v1/executions/{id}/stdin feeds text, closes, or both, and nothing else", async () => {
  const fed: unknown[] = [];
  const engine = {
    feed: (_caller: Caller, id: string, input: unknown) => {
      fed.push([id, input]);
      return Promise.resolve();
    },
  };
  for (const input of [{ text: "é\0" }, { text: "" }, { close: true }, { text: "a", close: true }]) {
    assertEquals((await ask({ engine }, "POST /v1/executions/exec_1/stdin", { body: input })).status, 204);
    assertEquals(fed.pop(), ["exec_1", input]);
  }
  for (const body of [{}, { text: 1 }, { txt: "a" }, { text: "a", close: "yes" }, [], "null", "{", ""]) {
    const { status, body: problem } = await ask({ engine }, "POST /v1/executions/exec_1/stdin", { body });
    assertEquals([body, status, problem.code], [body, 400, "invalid_request"]);
  }
  assertEquals(fed, []);
});

Deno.test("POST /v1/executions/{id}/stdin takes back what waits when its client goes away", async () => {
  const waiting = Promise.withResolvers<AbortSignal | undefined>();
  const feed: EnginePort["feed"] = (_caller, _id, _input, { signal } = {}) => {
    waiting.resolve(signal);
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  };
  await using door = openDoor({ engine: { feed } });
  const client = new AbortController();
  const asking = fetch(`${door.url}/v1/executions/exec_1/stdin`, {
    method: "POST",
    body: '{"text":"a"}',
    signal: client.signal,
  });
  const signal = await waiting.promise;
  client.abort();
  await assertRejects(() => asking, DOMException);
  await until(() => signal?.aborted ?? false, "the service knows that the client is gone");
});

Deno.test("GET /v1/executions lists what its query asks for, in pages, and a failure as a problem", async () => {
  const seen: unknown[] = [];
  const createdAt = "2026-01-01T00:00:00.000Z";
  const failed = {
    id: "exec_1",
    status: "failed",
    language: "typescript",
    error: { code: "internal", message: "the secret" },
    createdAt,
  } as const;
  const running = { id: "exec_2", status: "running", language: "typescript", createdAt } as const;
  const list: EnginePort["list"] = (caller, query) => {
    seen.push([caller, query]);
    return { executions: [running, failed], nextCursor: "cursor" };
  };
  const { status, body } = await ask({ engine: { list } }, "GET /v1/executions");
  assertEquals([status, body.nextCursor, body.executions[0]], [200, "cursor", running]);
  const { error, ...entry } = body.executions[1];
  assertEquals([entry.id, entry.status, error.code, error.detail], ["exec_1", "failed", "internal", "Internal error"]);
  await ask({ engine: { list } }, "GET /v1/executions?limit=2&cursor=c&sessionId=sess_1&status=queued");
  assertEquals(seen, [
    [TESTER, { limit: 50 }],
    [TESTER, { limit: 2, cursor: "c", sessionId: "sess_1", status: "queued" }],
  ]);
  for (const query of ["limit=0", "limit=101", "limit=x", "cursor=", "status=done", "sessionId=", "state=ended"]) {
    assertEquals([query, (await ask({ engine: { list } }, `GET /v1/executions?${query}`)).status], [query, 400]);
  }
});

Deno.test("POST /v1/executions with Prefer: wait bounds the time in the queue, and says that it does", async () => {
  for (const [accept, prefer] of [["*/*", "wait=7"], ["text/event-stream", "wait=7"], ["*/*", "handling=strict"]]) {
    const { seen, submit } = recorder();
    const response = await doorOf({ engine: { submit } }).request("/v1/executions", {
      method: "POST",
      headers: { accept: accept ?? "", prefer: prefer ?? "" },
      body: JSON.stringify(REQUEST),
    });
    await response.text();
    const isApplied = prefer === "wait=7";
    assertEquals(response.headers.get("preference-applied"), isApplied ? "wait=7" : null);
    assertEquals(seen[0]?.options.maxQueueMs, isApplied ? 7_000 : undefined);
  }
  for (const prefer of ["wait=abc", "wait=-1", "wait=61", "respond-async, wait=61"]) {
    const { seen, submit } = recorder();
    const { status, body } = await ask({ engine: { submit } }, "POST /v1/executions", {
      body: REQUEST,
      headers: { prefer },
    });
    assertEquals([prefer, status, body.code, body.errors[0].path], [prefer, 400, "invalid_request", "Prefer"]);
    assertEquals(seen, []);
  }
});

Deno.test("POST /v1/executions with Prefer: respond-async, wait answers 200 where the end comes in time, else 202", async () => {
  const options = { body: REQUEST, headers: { prefer: "respond-async, wait=1" } };
  const { seen, submit } = recorder();
  const inTime = await ask({ engine: { submit } }, "POST /v1/executions", options);
  assertEquals([inTime.status, inTime.body], [200, fakeExecution()]);
  assertEquals([seen[0]?.options.isPatient, seen[0]?.options.maxQueueMs], [true, undefined]);
  const never = () => Promise.resolve({ id: "exec_2", ended: new Promise<never>(() => {}) });
  const late = await ask({ engine: { submit: never } }, "POST /v1/executions", options);
  assertEquals([late.status, late.headers.get("location")], [202, "/v1/executions/exec_2"]);
  for (const { headers } of [inTime, late]) {
    assertEquals(headers.get("preference-applied"), "respond-async, wait=1");
  }
});
