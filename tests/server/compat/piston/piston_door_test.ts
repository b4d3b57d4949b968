import { assertEquals, assertStringIncludes } from "@std/assert";
import { CodeBeakerError, type ErrorCode } from "../../../../src/core/errors.ts";
import type { ExecutionRequest } from "../../../../src/core/requests/execution_request.ts";
import { VERSION } from "../../../../src/core/version.ts";
import type { EnginePort } from "../../../../src/engine/port.ts";
import { fakeEngine, submitted } from "../../../support/fake_ports.ts";
import { appOf } from "../../support/app_of.ts";

const JOB = { language: "python", version: "*", files: [{ content: "x" }] };
const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;

async function ask(engine: Partial<EnginePort>, request: string, body?: unknown) {
  const [method = "", path = ""] = request.split(" ");
  const response = await appOf({ engine: fakeEngine(engine) }).request(path, {
    method,
    headers: { host: "localhost" },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  }, LOCAL);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

Deno.test("POST execute runs a job on both of Piston's paths, without a content type, within the length of an answer", async () => {
  const requests: ExecutionRequest[] = [];
  const engine: Partial<EnginePort> = {
    submit(_caller, request, options = {}) {
      requests.push(request);
      return Promise.resolve(submitted(options, (print) => print("42")));
    },
  };
  for (const base of ["/api/v2", "/api/v2/piston"]) {
    const { body, status } = await ask(engine, `POST ${base}/execute`, JOB);
    assertEquals([status, body.language, body.version, body.run.code], [200, "typescript", VERSION, 0]);
  }
  assertEquals(requests.map(({ language, limits }) => [language, limits.maxTotalOutputBytes]), [
    ["python", 1_048_576],
    ["python", 1_048_576],
  ]);
});

Deno.test("POST execute gives the output of both streams in the order in which it came, and joins divided characters", async () => {
  const [first, last] = [new Uint8Array([0xc3]), new Uint8Array([0xa9])]; // Of "é".
  const engine: Partial<EnginePort> = {
    submit(_caller, _request, { onOutput } = {}) {
      onOutput?.({ stream: "stdout", bytes: first });
      onOutput?.({ stream: "stderr", bytes: new TextEncoder().encode("!") });
      onOutput?.({ stream: "stdout", bytes: last });
      onOutput?.({ stream: "stdout", bytes: first });
      return Promise.resolve(submitted({}));
    },
  };
  assertEquals((await ask(engine, "POST /api/v2/execute", JOB)).body.run.output, "!é\ufffd");
});

Deno.test("every error is a message, and an error about the job is 400", async () => {
  const failing = (code: ErrorCode): Partial<EnginePort> => ({
    submit: () => Promise.reject(new CodeBeakerError(code, "it failed", { details: { retryAfterMs: 1_500 } })),
  });
  const table: [code: ErrorCode, status: number, message: string][] = [
    ["unsupported_language", 400, "it failed"],
    ["no_suitable_runtime", 400, "it failed"],
    ["runtime_unavailable", 503, "it failed"],
    ["busy", 429, "it failed"],
    ["internal", 500, "Internal error"],
  ];
  for (const [code, status, message] of table) {
    const answer = await ask(failing(code), "POST /api/v2/execute", JOB);
    assertEquals([answer.status, answer.body], [status, { message }]);
  }
  assertEquals((await ask(failing("busy"), "POST /api/v2/execute", JOB)).headers.get("retry-after"), "2");
  for (const body of ["{", "[]", { ...JOB, files: [{ name: "../x", content: "" }] }]) {
    const { body: answer, status } = await ask({}, "POST /api/v2/execute", body);
    assertEquals([status, Object.keys(answer)], [400, ["message"]]);
  }
  const missing = await ask({}, "GET /api/v2/nothing");
  assertEquals([missing.status, Object.keys(missing.body)], [404, ["message"]]);
  const method = await ask({}, "PUT /api/v2/execute");
  assertEquals([method.status, method.headers.get("allow")], [405, "OPTIONS, POST"]);
});

Deno.test("GET runtimes lists what can run, GET packages all, and packages are not changed here", async () => {
  const language = { aliases: [], runtimes: ["fake"], contexts: false };
  const engine: Partial<EnginePort> = {
    describeLanguages: () =>
      Promise.resolve([{ ...language, name: "cpp", available: true }, { ...language, name: "go", available: false }]),
  };
  const { body } = await ask(engine, "GET /api/v2/runtimes");
  assertEquals(body, [{ language: "c++", version: VERSION, aliases: ["cpp", "g++"] }]);
  assertEquals((await ask(engine, "GET /api/v2/piston/packages")).body, [
    { language: "c++", language_version: VERSION, installed: true },
    { language: "go", language_version: VERSION, installed: false },
  ]);
  for (const method of ["POST", "DELETE"]) {
    const { body, status } = await ask(engine, `${method} /api/v2/packages`, { language: "go", version: "*" });
    assertEquals(status, 403);
    assertStringIncludes(body.message, "codebeaker languages");
  }
});
