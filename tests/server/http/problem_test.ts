import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { ERROR_KINDS } from "../../../src/core/answers/vocabulary.ts";
import { CodeBeakerError, type ErrorCode, type ErrorDetails } from "../../../src/core/errors.ts";
import type { AppEnv } from "../../../src/server/http/app_env.ts";
import { sendProblem, toProblem } from "../../../src/server/http/problem.ts";

const CODES = Object.keys(ERROR_KINDS) as ErrorCode[];

/** Every detail that an error can carry. */
const DETAILS: ErrorDetails = {
  errors: [{ path: "files[0].path", message: "A path is relative" }],
  languages: ["typescript", "javascript"],
  selection: { chosen: null, preference: "balanced", floor: 9, candidates: [] },
  attempts: [{ runtime: "fake", error: "not ready" }],
  retryAfterMs: 1_200,
};

/** What a client receives when `error` is thrown behind the door. */
async function send(error: Error) {
  const app = new Hono<AppEnv>();
  app.use(async (context, next) => {
    context.set("requestId", "request-1");
    await next();
  });
  app.get("/", () => {
    throw error;
  });
  app.onError((thrown, context) => sendProblem(context, thrown));
  const response = await app.request("/");
  return { status: response.status, headers: response.headers, text: await response.text() };
}

Deno.test("toProblem() tells each code by its status, title and type", () => {
  for (const code of CODES) {
    const { status, title } = ERROR_KINDS[code];
    assertEquals(toProblem(new CodeBeakerError(code, "Cannot do it"), "request-1"), {
      type: `urn:codebeaker:error:${code}`,
      title,
      status,
      code,
      detail: code === "internal" ? "Internal error" : "Cannot do it",
      requestId: "request-1",
    });
  }
});

Deno.test("toProblem() carries every detail at the top level", () => {
  assertEquals(toProblem(new CodeBeakerError("busy", "Cannot run now", { details: DETAILS }), "request-1"), {
    type: "urn:codebeaker:error:busy",
    title: "Busy",
    status: 429,
    code: "busy",
    detail: "Cannot run now",
    requestId: "request-1",
    ...DETAILS,
  });
});

Deno.test("toProblem() tells nothing of a cause", () => {
  const cause = new Error("the secret");
  const problem = toProblem(new CodeBeakerError("runtime_unavailable", "Cannot start", { cause }), "request-1");
  assertEquals([problem.detail, JSON.stringify(problem).includes("secret")], ["Cannot start", false]);
});

Deno.test("toProblem() tells whatever is no CodeBeakerError as internal, without its text", () => {
  const secret = "the secret";
  const thrown = [new Error(secret), new TypeError(secret), secret, { message: secret, code: "busy" }, undefined, null];
  for (const error of [...thrown, new CodeBeakerError("internal", secret, { cause: new Error(secret) })]) {
    assertEquals(toProblem(error, "request-1"), {
      type: "urn:codebeaker:error:internal",
      title: "Internal error",
      status: 500,
      code: "internal",
      detail: "Internal error",
      requestId: "request-1",
    });
  }
});

Deno.test("sendProblem() answers each code with its status, as a problem that names the request", async () => {
  for (const code of CODES) {
    const error = new CodeBeakerError(code, "Cannot do it");
    const { status, headers, text } = await send(error);
    assertEquals([code, status, headers.get("content-type")], [
      code,
      ERROR_KINDS[code].status,
      "application/problem+json",
    ]);
    assertEquals([headers.get("retry-after"), JSON.parse(text)], [null, { ...toProblem(error, "request-1") }]);
  }
});

Deno.test("sendProblem() carries the details in the body", async () => {
  const { text } = await send(new CodeBeakerError("no_suitable_runtime", "Cannot choose", { details: DETAILS }));
  const { errors, languages, selection, attempts, retryAfterMs } = JSON.parse(text);
  assertEquals({ errors, languages, selection, attempts, retryAfterMs }, DETAILS);
});

Deno.test("sendProblem() rounds Retry-After up to whole seconds", async () => {
  for (const [retryAfterMs, seconds] of [[0, "0"], [1, "1"], [1_000, "1"], [1_001, "2"], [60_000, "60"]] as const) {
    const { headers } = await send(new CodeBeakerError("busy", "Cannot run now", { details: { retryAfterMs } }));
    assertEquals([retryAfterMs, headers.get("retry-after")], [retryAfterMs, seconds]);
  }
});

Deno.test("sendProblem() tells an internal error without its text", async () => {
  const { status, text } = await send(new Error("the secret", { cause: new Error("a deeper secret") }));
  assertEquals([status, JSON.parse(text).detail, text.includes("secret")], [500, "Internal error", false]);
});
