import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError, type ErrorCode } from "../../../../src/core/errors.ts";
import { parseCodapiRequest } from "../../../../src/server/compat/codapi/request.ts";

const REQUEST = { sandbox: "python", command: "run", files: { "": "print(1)" } };
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

Deno.test("parseCodapiRequest() runs the file without a name, and decodes data URLs", () => {
  const files = {
    "": "x",
    "a/b.txt": "data:text/plain;base64,SGk=",
    "c.txt": "data:,SGk=",
    "d.txt": " data: no URL",
  };
  const { request } = parseCodapiRequest({ ...REQUEST, files, id: "ignored" });
  assertEquals([request.language, text(request.code), request.entrypoint], ["python", "x", undefined]);
  assertEquals(request.files.map(({ path, bytes }) => [path, text(bytes)]), [
    ["a/b.txt", "Hi"],
    ["c.txt", "Hi"],
    ["d.txt", " data: no URL"],
  ]);
  const named = parseCodapiRequest({ ...REQUEST, files: { "main.py": "x" } }).request;
  assertEquals([named.code, named.files.map(({ path }) => path)], [undefined, ["main.py"]]);
});

Deno.test("parseCodapiRequest() refuses other commands, empty requests and a program that is not there", () => {
  const table: [request: unknown, code: ErrorCode, message: string][] = [
    [{ ...REQUEST, command: "test" }, "not_found", "unknown command"],
    [{ sandbox: "python" }, "not_found", "unknown command"],
    [{ ...REQUEST, files: {} }, "invalid_request", "empty request"],
    [{ ...REQUEST, files: { "": " \n" } }, "invalid_request", "empty request"],
    [{ ...REQUEST, files: { "": 1 } }, "invalid_request", "Must be a string"],
    [{ ...REQUEST, files: { "other.py": "x", "more.py": "x" } }, "invalid_request", "main.py"],
    [{ ...REQUEST, files: { "": "1", a: "data: no comma" } }, "invalid_request", "must be a data URL"],
    [{ ...REQUEST, files: { "": "1", a: "data:,raw, text" } }, "invalid_request", "base64"],
    [{ ...REQUEST, sandbox: "" }, "invalid_request", "sandbox"],
    [[], "invalid_request", "Must be an object"],
  ];
  for (const [request, code, message] of table) {
    assertEquals(assertThrows(() => parseCodapiRequest(request), CodeBeakerError, message).code, code);
  }
});
