import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { parseSessionExecution, parseSessionRequest } from "../../../src/core/requests/session_request.ts";

/** Metadata whose innermost value lies so many levels deep. */
function nested(depth: number): unknown {
  return JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
}

Deno.test("parseSessionRequest() takes metadata as it is, and none as none", () => {
  for (const metadata of [{}, { ticket: 7, tags: ["a", null, { deep: true }] }, nested(32)]) {
    assertEquals(parseSessionRequest({ language: "ts", metadata }).metadata, metadata);
  }
  assertEquals(parseSessionRequest({ language: "ts" }).metadata, {});
});

Deno.test("parseSessionRequest() refuses metadata that is no object, too long or too deep, however deep", () => {
  const off = [null, 1, "text", ["a"], { a: "x".repeat(16_384) }, { ["x".repeat(257)]: 1 }];
  for (const metadata of [...off, nested(33), nested(5_000), nested(200_000)]) {
    const error = assertThrows(() => parseSessionRequest({ language: "ts", metadata }), CodeBeakerError);
    assertEquals(error.code, "invalid_request");
    assertEquals(error.details.errors?.[0]?.path.split(".")[0], "metadata");
  }
});

Deno.test("parseSessionRequest() drops no key of metadata without a word, however deep it stands", () => {
  for (const depth of [1, 9, 31]) {
    const text = `${'{"a":'.repeat(depth)}{"__proto__":1}${"}".repeat(depth)}`;
    const request = { language: "ts", metadata: JSON.parse(text) };
    const error = assertThrows(() => parseSessionRequest(request), CodeBeakerError);
    assertEquals([depth, error.details.errors?.[0]?.message], [depth, "This name is reserved"]);
  }
});

Deno.test("parseSessionExecution() says of a field that its session fixed where it belongs", () => {
  for (const name of ["language", "permissions", "runtime", "preference", "minIsolation"]) {
    const error = assertThrows(() => parseSessionExecution({ code: "1", [name]: "x" }), CodeBeakerError);
    assertEquals(error.details.errors, [{
      path: name,
      message: `The session has its own ${name} already: omit it, or open another session with this one`,
    }]);
  }
});
