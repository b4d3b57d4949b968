import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ERROR_KINDS } from "../../../src/core/answers/vocabulary.ts";
import { CodeBeakerError, type ErrorCode } from "../../../src/core/errors.ts";
import type { SessionExecutionRequest, SessionRequest } from "../../../src/core/requests/session_request.ts";
import type { SessionState } from "../../../src/core/session.ts";
import type { Caller, SubmitOptions } from "../../../src/engine/port.ts";
import type { SessionsPort } from "../../../src/sessions/port.ts";
import { fakeExecution, fakeSession, submitted, TESTER } from "../../support/fake_ports.ts";
import { nextEvent, serverEvents } from "../../support/server_events.ts";
import { ask, openDoor, openEvents } from "./door.ts";

const PATH = "/v1/sessions/sess_1";
const COMMAND = { type: "write_file", id: "command-1", path: "a.txt", content: "a" };

/** Sessions of which one is there, in these states one after the other. */
function thereIs(...states: readonly SessionState[]): Pick<SessionsPort, "show"> {
  const left = [...states];
  return {
    show(_caller, id) {
      if (id !== "sess_1") throw new CodeBeakerError("not_found", "Cannot find the session");
      return fakeSession({ state: (left.length > 1 ? left.shift() : left[0]) ?? "idle" });
    },
  };
}

Deno.test("POST /v1/sessions makes a session and answers 201 with where it is", async () => {
  let seen: { caller: Caller; request: SessionRequest; signal: AbortSignal | undefined } | undefined;
  const create: SessionsPort["create"] = (caller, request, { signal } = {}) => {
    seen = { caller, request, signal };
    return Promise.resolve(fakeSession());
  };
  const { status, headers, body } = await ask({ sessions: { create } }, "POST /v1/sessions", {
    body: { language: "ts", metadata: { ticket: 7 } },
  });
  assertEquals([status, headers.get("location"), body], [201, "/v1/sessions/sess_1", fakeSession()]);
  assertEquals([seen?.caller, seen?.request.language, seen?.request.metadata, seen?.signal?.aborted], [
    TESTER,
    "typescript",
    { ticket: 7 },
    false,
  ]);
});

Deno.test("POST /v1/sessions refuses an invalid request, and says why a session cannot be created", async () => {
  for (const body of ["{", {}, { language: "ts", idleTimeout: 5 }, { language: "ts", code: "1" }]) {
    const answer = await ask({}, "POST /v1/sessions", { body });
    assertEquals([body, answer.status, answer.body.code], [body, 400, "invalid_request"]);
  }
  const busy = new CodeBeakerError("busy", "Cannot make one more", { details: { retryAfterMs: 1_000 } });
  const refused = await ask({ sessions: { create: () => Promise.reject(busy) } }, "POST /v1/sessions", {
    body: { language: "ts" },
  });
  assertEquals([refused.status, refused.headers.get("retry-after")], [429, "1"]);
});

Deno.test("GET /v1/sessions lists a page of so many, from a cursor, in a state", async () => {
  const seen: unknown[] = [];
  const list: SessionsPort["list"] = (caller, options) => {
    seen.push([caller, options]);
    return { sessions: [fakeSession()], nextCursor: "next" };
  };
  const { status, body } = await ask({ sessions: { list } }, "GET /v1/sessions");
  assertEquals([status, body], [200, { sessions: [fakeSession()], nextCursor: "next" }]);
  await ask({ sessions: { list } }, "GET /v1/sessions?limit=100&cursor=a%2Fb&state=closed");
  assertEquals(seen, [
    [TESTER, { limit: 50, cursor: undefined, state: undefined }],
    [TESTER, { limit: 100, cursor: "a/b", state: "closed" }],
  ]);
});

Deno.test("GET /v1/sessions refuses an invalid query, and names the nearest", async () => {
  const cases = [
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=ten", "limit"],
    ["limit=1&limit=2", "limit"],
    ["cursor=", "cursor"],
    [`cursor=${"a".repeat(1_025)}`, "cursor"],
    ["state=idel", 'did you mean "idle"'],
    ["sate=idle", 'did you mean "state"'],
  ] as const;
  for (const [query, text] of cases) {
    const { status, body } = await ask({}, `GET /v1/sessions?${query}`);
    assertEquals([query, status, body.code], [query, 400, "invalid_request"]);
    assertStringIncludes(body.detail, text);
  }
});

Deno.test("GET and DELETE /v1/sessions/{id} show and close one, and tell one that is not there", async () => {
  const closed: unknown[] = [];
  const sessions: Partial<SessionsPort> = {
    ...thereIs("idle"),
    close: (caller, id) => {
      closed.push([caller, id]);
      return id === "sess_1" ? Promise.resolve() : Promise.reject(new CodeBeakerError("not_found", "Cannot find it"));
    },
  };
  assertEquals((await ask({ sessions }, `GET ${PATH}`)).body, fakeSession());
  const { status, body } = await ask({ sessions }, `DELETE ${PATH}`);
  assertEquals([status, body, closed], [204, undefined, [[TESTER, "sess_1"]]]);
  for (const method of ["GET", "DELETE"]) {
    const answer = await ask({ sessions }, `${method} /v1/sessions/sess_2`);
    assertEquals([method, answer.status, answer.body.code], [method, 404, "not_found"]);
  }
});

Deno.test("PATCH /v1/sessions/{id} passes on what changes, and answers the session", async () => {
  const seen: unknown[] = [];
  const change: SessionsPort["change"] = (caller, id, changes) => {
    seen.push([caller, id, changes]);
    return fakeSession(changes);
  };
  const all = { idleTimeoutMs: 1_000, maxLifetimeMs: 604_800_000, metadata: { ticket: [7, null] } };
  const { status, body } = await ask({ sessions: { change } }, `PATCH ${PATH}`, { body: all });
  assertEquals([status, body], [200, fakeSession(all)]);
  await ask({ sessions: { change } }, `PATCH ${PATH}`, { body: { metadata: {} } });
  assertEquals(seen, [[TESTER, "sess_1", all], [TESTER, "sess_1", { metadata: {} }]]);
});

Deno.test("PATCH /v1/sessions/{id} refuses an invalid change, and names the field and its bound", async () => {
  const cases = [
    [{ idleTimeoutMs: 604_800_001 }, "idleTimeoutMs: At most 604800000 (7 days)"],
    [{ maxLifetimeMs: 604_800_001 }, "maxLifetimeMs: At most 604800000 (7 days)"],
    [{ maxLifetimeMs: 999 }, "maxLifetimeMs"],
    [{ maxLifetimeMs: null }, "maxLifetimeMs"],
    [{ idleTimeoutMs: "5000" }, "idleTimeoutMs"],
    [{ metadata: "x" }, "metadata"],
    [{ metadata: { a: "x".repeat(16_384) } }, "metadata: Metadata is at most 16384 characters"],
    [{ idleTimeout: 5 }, 'did you mean "idleTimeoutMs"?'],
    [{ language: "typescript" }, '"language"'],
    [[], "the changes of the session"],
    ["{", "JSON"],
  ] as const;
  for (const [body, text] of cases) {
    const { status, body: problem } = await ask({}, `PATCH ${PATH}`, { body });
    assertEquals([body, status, problem.code], [body, 400, "invalid_request"]);
    assertStringIncludes(problem.detail, text);
  }
});

Deno.test("POST /v1/sessions/{id}/executions answers in the same three ways as a one-shot", async () => {
  const seen: { caller: Caller; id: string; request: SessionExecutionRequest; options: SubmitOptions }[] = [];
  const submit: SessionsPort["submit"] = (caller, id, request, options = {}) => {
    seen.push({ caller, id, request, options });
    return Promise.resolve(submitted(options, (print) => print("a")));
  };
  const request = `POST ${PATH}/executions`;
  const body = { entrypoint: "main.ts" };
  const plain = await ask({ sessions: { submit } }, request, { body, headers: { "idempotency-key": "key-1" } });
  assertEquals([plain.status, plain.body], [200, fakeExecution()]);
  assertEquals([seen[0]?.caller, seen[0]?.id, seen[0]?.request.entrypoint, seen[0]?.options.idempotencyKey], [
    TESTER,
    "sess_1",
    "main.ts",
    "key-1",
  ]);
  const accepted = await ask({ sessions: { submit } }, request, { body, headers: { prefer: "respond-async" } });
  assertEquals([accepted.status, accepted.headers.get("location"), accepted.body], [
    202,
    "/v1/executions/exec_1",
    { id: "exec_1", status: "queued" },
  ]);
  const { memory, ...options } = seen[1]?.options ?? {};
  assertEquals(options, { isInteractive: true, isPatient: true, idempotencyKey: undefined });
  assert(memory !== undefined);
  await using door = openDoor({ sessions: { submit } });
  const response = await openEvents(door, `${PATH}/executions`, { body });
  assert(response.body !== null);
  const events = serverEvents(response.body);
  assertEquals([await nextEvent(events), await nextEvent(events), await nextEvent(events)].map(({ event }) => event), [
    "started",
    "stdout",
    "completed",
  ]);
  await events.return(undefined);
});

Deno.test("POST /v1/sessions/{id}/executions refuses an invalid request, and a session that is unknown or closed", async () => {
  for (const body of ["{", {}, { code: "1", language: "ts" }]) {
    assertEquals((await ask({}, `POST ${PATH}/executions`, { body })).status, 400);
  }
  for (const code of ["not_found", "conflict"] as const) {
    const submit = () => Promise.reject(new CodeBeakerError(code, "Cannot use it"));
    for (const headers of [{}, { accept: "text/event-stream" }, { prefer: "respond-async" }]) {
      const answer = await ask({ sessions: { submit } }, `POST ${PATH}/executions`, { body: { code: "1" }, headers });
      assertEquals([answer.status, answer.body.code], [ERROR_KINDS[code].status, code]);
    }
  }
});

Deno.test("POST /v1/sessions/{id}/commands answers what came of the command, with its id", async () => {
  let seen: unknown;
  const command: SessionsPort["command"] = (caller, id, value, options) => {
    seen = [caller, id, value, options?.signal?.aborted];
    return Promise.resolve({ success: true, result: { path: "a.txt", bytes: 1 } });
  };
  const sessions = { ...thereIs("idle"), command };
  const { status, body } = await ask({ sessions }, `POST ${PATH}/commands`, { body: COMMAND });
  assertEquals([status, { ...body, durationMs: 0 }], [200, {
    id: "command-1",
    success: true,
    result: { path: "a.txt", bytes: 1 },
    durationMs: 0,
  }]);
  assertEquals([typeof body.durationMs, seen], ["number", [TESTER, "sess_1", COMMAND, false]]);
  const { id: _, ...nameless } = COMMAND;
  assertEquals("id" in (await ask({ sessions }, `POST ${PATH}/commands`, { body: nameless })).body, false);
});

Deno.test("POST /v1/sessions/{id}/commands tells a program that failed as a result", async () => {
  const execution = fakeExecution({ outcome: { kind: "exited", exitCode: 3 }, exitCode: 3 });
  const command = () => Promise.resolve({ success: false, result: execution });
  const { status, body } = await ask({ sessions: { ...thereIs("idle"), command } }, `POST ${PATH}/commands`, {
    body: { type: "execute_code", code: "Deno.exit(3)" },
  });
  assertEquals([status, body.success, body.result.exitCode, "error" in body], [200, false, 3, false]);
});

Deno.test("POST /v1/sessions/{id}/commands bounds a program's time in the queue, and refuses a key that has no effect", async () => {
  const seen: unknown[] = [];
  const command: SessionsPort["command"] = (_caller, _id, _value, { maxQueueMs, idempotencyKey } = {}) => {
    seen.push([maxQueueMs, idempotencyKey]);
    return Promise.resolve({ success: true, result: {} });
  };
  const sessions = { ...thereIs("idle"), command };
  const headers = { "prefer": "wait=1", "idempotency-key": "key-1" };
  const ran = await ask({ sessions }, `POST ${PATH}/commands`, { body: { type: "shell", command: "ls" }, headers });
  assertEquals([ran.headers.get("preference-applied"), seen], ["wait=1", [[1_000, "key-1"]]]);
  const refused = await ask({ sessions }, `POST ${PATH}/commands`, { body: COMMAND, headers });
  assertEquals([refused.status, refused.body.errors[0].path, seen.length], [400, "Idempotency-Key", 1]);
});

Deno.test("POST /v1/sessions/{id}/commands tells a command's own fault in its answer, and the service's as a problem", async () => {
  const inAnswer: readonly ErrorCode[] = [
    "invalid_request",
    "permission_denied",
    "not_found",
    "conflict",
    "too_large",
    "unsupported_language",
    "no_suitable_runtime",
  ];
  for (const code of Object.keys(ERROR_KINDS) as ErrorCode[]) {
    const command = () => Promise.reject(new CodeBeakerError(code, "Cannot do it"));
    const sessions = { ...thereIs("idle"), command };
    const { status, headers, body } = await ask({ sessions }, `POST ${PATH}/commands`, { body: COMMAND });
    if (inAnswer.includes(code)) {
      assertEquals([code, status, body.id, body.success, body.error.code], [code, 200, "command-1", false, code]);
      assertEquals([body.error.status, body.error.requestId], [ERROR_KINDS[code].status, "request-1"]);
      continue;
    }
    assertEquals([code, status, headers.get("content-type"), body.code], [
      code,
      ERROR_KINDS[code].status,
      "application/problem+json",
      code,
    ]);
  }
  const broken = { ...thereIs("idle"), command: () => Promise.reject(new Error("the secret")) };
  assertEquals((await ask({ sessions: broken }, `POST ${PATH}/commands`, { body: COMMAND })).status, 500);
});

Deno.test("POST /v1/sessions/{id}/commands tells the observer what a command was not let do", async () => {
  const refusals: unknown[] = [];
  const error = new CodeBeakerError("permission_denied", "Cannot leave the workspace");
  const sessions = { ...thereIs("idle"), command: () => Promise.reject(error) };
  const observer = { refused: (refusal: unknown) => refusals.push(refusal) };
  await ask({ sessions, observer }, `POST ${PATH}/commands`, { body: COMMAND });
  assertEquals(refusals, [{ caller: TESTER, what: `POST ${PATH}/commands`, error }]);
});

Deno.test("POST /v1/sessions/{id}/commands tells a session that is not there, or is over, by a status of its own", async () => {
  assertEquals(
    (await ask({ sessions: thereIs("idle") }, "POST /v1/sessions/sess_2/commands", { body: COMMAND })).status,
    404,
  );
  assertEquals(
    (await ask({ sessions: thereIs("idle") }, "POST /v1/sessions/sess_2/commands", { body: "{" })).status,
    404,
  );
  const command = () => Promise.reject(new CodeBeakerError("conflict", "Cannot use the session as it is over"));
  for (const states of [["closed"], ["closing"], ["idle", "closing"], ["active", "closed"]] as const) {
    const answer = await ask({ sessions: { ...thereIs(...states), command } }, `POST ${PATH}/commands`, {
      body: COMMAND,
    });
    assertEquals([states, answer.status, answer.body.code], [states, 409, "conflict"]);
  }
});

Deno.test("POST /v1/sessions/{id}/commands refuses a body that is no command object", async () => {
  for (
    const body of ["{", "", "[]", "null", {}, { type: 5 }, { type: "read_file", id: 5 }, '{"type":"a","__proto__":1}']
  ) {
    const answer = await ask({ sessions: thereIs("idle") }, `POST ${PATH}/commands`, { body });
    assertEquals([body, answer.status, answer.body.code], [body, 400, "invalid_request"]);
  }
});
