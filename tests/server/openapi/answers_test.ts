import { assertThrows } from "@std/assert";
import { checkAnswer, checkEvent } from "../../support/documented.ts";
import { fakeExecution, fakeSession } from "../../support/fake_ports.ts";

const PROBLEM = {
  type: "urn:codebeaker:error:conflict",
  title: "Conflict",
  status: 409,
  code: "conflict",
  detail: "Cannot use the session",
  requestId: "request-1",
};

/** Checks an answer of JSON to a request. */
function check(
  request: string,
  body: unknown,
  { status = 200, type = "application/json", sent, headers = {} }: {
    readonly status?: number;
    readonly type?: string;
    readonly sent?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): void {
  const [method = "", path = ""] = request.split(" ");
  const text = JSON.stringify(body);
  const init = { status, headers: { "content-type": type, "x-request-id": "request-1", ...headers } };
  checkAnswer(
    { method, path, body: sent === undefined ? undefined : JSON.stringify(sent) },
    new Response(text, init),
    text,
  );
}

Deno.test("checkAnswer() takes answers that the document describes", () => {
  check("POST /v1/executions", fakeExecution());
  check("GET /v1/executions/exec_1?waitMs=5", fakeExecution());
  check("POST /v1/sessions", fakeSession(), { status: 201, headers: { location: "/v1/sessions/sess_1" } });
  check("PATCH /v1/sessions/sess_1", PROBLEM, { status: 409, type: "application/problem+json" });
  check("GET /v1/nothing", PROBLEM, { status: 404, type: "application/problem+json" });
  check("POST /v1/sessions/sess_1/commands", { success: true, result: { path: "a" }, durationMs: 1 }, {
    sent: { type: "create_dir", path: "a" },
  });
  check("POST /v1/sessions/sess_1/commands", { success: false, error: PROBLEM, durationMs: 1 }, {
    sent: { type: "create_dir", path: "a" },
  });
  checkEvent("stdout", { text: "a" });
  checkEvent("message", { of: "another protocol" });
});

Deno.test("checkAnswer() fails for what the document does not describe", () => {
  const table: readonly (readonly [fault: string, check: () => void])[] = [
    ["answered 201", () => check("POST /v1/executions", fakeExecution(), { status: 201 })],
    ["as text/plain", () => check("POST /v1/executions", fakeExecution(), { type: "text/plain" })],
    ['"extra"', () => check("POST /v1/executions", { ...fakeExecution(), extra: 1 })],
    ["exitCode", () => check("POST /v1/executions", { ...fakeExecution(), exitCode: "0" })],
    ["Location", () => check("POST /v1/sessions", fakeSession(), { status: 201 })],
    ['Unrecognized key: "retryAfter"', () =>
      check("POST /v1/executions", { ...PROBLEM, retryAfter: 1 }, {
        status: 429,
        type: "application/problem+json",
      })],
    ["without a route", () => check("GET /v1/nothing", {})],
    [
      "to write_file",
      () =>
        check("POST /v1/sessions/sess_1/commands", { success: true, result: { path: "a" }, durationMs: 1 }, {
          sent: { type: "write_file", path: "a", content: "" },
        }),
    ],
    ["The event stdout", () => checkEvent("stdout", { text: 1 })],
  ];
  for (const [fault, check] of table) assertThrows(check, Error, fault);
});
