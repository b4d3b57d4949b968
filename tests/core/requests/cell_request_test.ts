import { assertEquals, assertThrows } from "@std/assert";
import { parseCell, parseContextRequest } from "../../../src/core/requests/cell_request.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";

Deno.test("parseContextRequest() takes a language by any of its names, or none", () => {
  assertEquals(parseContextRequest({}), undefined);
  assertEquals(parseContextRequest({ language: "PY" }), "python");
});

Deno.test("parseCell() takes code and the limits of a cell", () => {
  assertEquals(parseCell({ code: "1", timeoutMs: 5, limits: { cpuMs: 20 } }), {
    code: "1",
    limits: { cpuMs: 20, timeoutMs: 5 },
    explain: false,
  });
});

Deno.test("a cell or a context is refused for what would have no meaning", () => {
  for (
    const [cell, path] of [
      [{}, "code"],
      [{ code: "1", stdin: 1 }, "stdin"],
      [{ code: "1", files: [] }, "files"],
      [{ code: "1", limits: { memoryMb: 64 } }, "limits.memoryMb"],
    ] as const
  ) {
    const error = assertThrows(() => parseCell(cell), CodeBeakerError);
    assertEquals([error.code, error.details.errors?.[0]?.path], ["invalid_request", path]);
  }
  assertThrows(() => parseCell({ code: "1", limits: { diskMb: 9 } }), CodeBeakerError, "the limits of the session");
  assertThrows(() => parseCell({ code: "1", limits: { timeoutMs: 9 } }), CodeBeakerError, "beside limits");
  assertThrows(() => parseContextRequest({ limits: {} }), CodeBeakerError, "limits");
  assertEquals(assertThrows(() => parseCell({ code: "x".repeat(1_048_577) }), CodeBeakerError).code, "too_large");
});
