import { assertEquals, assertRejects } from "@std/assert";
import { ERROR_KINDS } from "../../src/core/answers/vocabulary.ts";
import { CodeBeakerError, ignore, messageOf } from "../../src/core/errors.ts";

Deno.test("ERROR_KINDS is the table of the wire contract", () => {
  const table = Object.entries(ERROR_KINDS).map(([code, { status, jsonRpc }]) => [code, status, jsonRpc]);
  assertEquals(table, [
    ["invalid_request", 400, -32602],
    ["unauthorized", 401, -32001],
    ["permission_denied", 403, -32003],
    ["not_found", 404, -32004],
    ["conflict", 409, -32009],
    ["too_large", 413, -32013],
    ["unsupported_language", 422, -32021],
    ["no_suitable_runtime", 422, -32022],
    ["busy", 429, -32029],
    ["runtime_unavailable", 503, -32053],
    ["internal", 500, -32603],
  ]);
});

Deno.test("CodeBeakerError carries code, cause and details", () => {
  const cause = new Error("beneath");
  const error = new CodeBeakerError("busy", "Cannot run now", { cause, details: { retryAfterMs: 5 } });
  assertEquals([error.code, error.message, error.cause, error.details], ["busy", "Cannot run now", cause, {
    retryAfterMs: 5,
  }]);
  assertEquals("cause" in new CodeBeakerError("busy", "x"), false);
});

Deno.test("messageOf() tells anything that was thrown", () => {
  assertEquals([messageOf(new Error("a")), messageOf("b"), messageOf(undefined)], ["a", "b", "undefined"]);
});

Deno.test("ignore() takes errors with its codes for undefined, and throws all others again", async () => {
  const missing = Promise.reject(new CodeBeakerError("not_found", "no"));
  assertEquals(await missing.catch(ignore("conflict", "not_found")), undefined);
  await assertRejects(() => missing.catch(ignore("conflict")), CodeBeakerError, "no");
  await assertRejects(() => Promise.reject(new TypeError("x")).catch(ignore("not_found")), TypeError, "x");
});
