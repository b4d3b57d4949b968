import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { parsePrefer } from "../../../src/server/http/prefer.ts";
import { idempotencyKey, submitMode } from "../../../src/server/http/submit_mode.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";

/** What a context with these headers makes of them. */
async function read(headers: Readonly<Record<string, string>>): Promise<unknown> {
  const app = new Hono();
  app.get("/", (context) => {
    const mode = submitMode(context, parsePrefer(context.req.header("prefer") ?? ""));
    return context.json({ mode, key: idempotencyKey(context) ?? null });
  });
  app.onError((error, context) => context.json({ code: error instanceof CodeBeakerError ? error.code : "none" }));
  return await (await app.request("/", { headers })).json();
}

Deno.test("submitMode() streams events for who accepts them, and prefers them to 202", async () => {
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{}, "plain"],
    [{ accept: "*/*" }, "plain"],
    [{ accept: "application/json" }, "plain"],
    [{ accept: "text/event-stream" }, "events"],
    [{ accept: "Text/Event-Stream; charset=utf-8" }, "events"],
    [{ accept: "application/json;q=0.1, text/event-stream" }, "events"],
    [{ accept: "application/json, text/event-stream;q=0.5" }, "plain"],
    [{ accept: "text/event-stream;q=0" }, "plain"],
    [{ prefer: "respond-async" }, "async"],
    [{ prefer: "respond-async", accept: "*/*" }, "async"],
    [{ prefer: "respond-async", accept: "text/event-stream" }, "events"],
  ];
  for (const [headers, mode] of cases) {
    assertEquals([headers, await read(headers)], [headers, { mode, key: null }]);
  }
});

Deno.test("idempotencyKey() takes 1 to 255 visible characters and nothing else", async () => {
  for (const key of ["k", "a".repeat(255), '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "~!"]) {
    assertEquals(await read({ "idempotency-key": key }), { mode: "plain", key });
  }
  for (const key of ["", "a".repeat(256), "a b", "a\tb", "é"]) {
    assertEquals([key, await read({ "idempotency-key": key })], [key, { code: "invalid_request" }]);
  }
});
