import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { MAX_CODE_BYTES } from "../../../src/core/requests/content.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { DEFAULT_LIMITS, resolveLimits } from "../../../src/core/limits.ts";
import { NO_PERMISSIONS } from "../../../src/core/permissions/permissions.ts";
import { parseExecutionRequest, placeFiles, sourceOf } from "../../../src/core/requests/execution_request.ts";
import { parseSelectionRequest } from "../../../src/core/requests/selection_request.ts";
import { parseSessionExecution } from "../../../src/core/requests/session_request.ts";

function fault(value: unknown): CodeBeakerError {
  return assertThrows(() => parseExecutionRequest(value), CodeBeakerError);
}

Deno.test("parseExecutionRequest() fills in the defaults of the wire contract", () => {
  const request = parseExecutionRequest({ language: "typescript", code: "1" });
  const { limits, ...rest } = request;
  assertEquals(rest, {
    language: "typescript",
    preference: "balanced",
    permissions: NO_PERMISSIONS,
    code: new TextEncoder().encode("1"),
    files: [],
    args: [],
    env: {},
    outputs: [],
    explain: false,
  });
  assertEquals(resolveLimits(limits), DEFAULT_LIMITS);
  assertEquals(DEFAULT_LIMITS, {
    timeoutMs: 10_000,
    memoryMb: 256,
    cpuMs: 10_000,
    maxOutputBytes: 1_048_576,
    maxTotalOutputBytes: 67_108_864,
    maxProcesses: 64,
    diskMb: 64,
  });
});

Deno.test("parseExecutionRequest() and parseSessionExecution() take code in base64, as large as text may be", () => {
  for (const parse of [parseExecutionRequest, parseSessionExecution]) {
    const request = parse === parseExecutionRequest ? { language: "typescript" } : {};
    const parsed = (bytes: Uint8Array) => parse({ ...request, code: bytes.toBase64(), encoding: "base64" });
    assertEquals(parsed(new Uint8Array([0, 255])).code, new Uint8Array([0, 255]));
    assertEquals(parsed(new Uint8Array(MAX_CODE_BYTES)).code?.length, MAX_CODE_BYTES);
    const faults = [
      () => parsed(new Uint8Array(MAX_CODE_BYTES + 1)),
      () => parse({ ...request, code: "\u0000", encoding: "base64" }),
      () => parse({ ...request, files: [{ path: "a", content: "" }], encoding: "utf8" }),
    ].map((fault) => assertThrows(fault, CodeBeakerError));
    assertEquals(faults.map(({ code, details }) => [code, details.errors?.[0]?.path]), [
      ["too_large", "code"],
      ["invalid_request", "code"],
      ["invalid_request", "encoding"],
    ]);
  }
});

Deno.test("sourceOf() has code that is no text in base64", () => {
  const sources = [new TextEncoder().encode("grüße"), new Uint8Array([0, 97]), new Uint8Array([255])];
  assertEquals(sources.map((code) => sourceOf({ code, env: {} }).code), ["grüße", "AGE=", "/w=="]);
});

Deno.test("placeFiles() puts the code where the runtime wants it, and runs it unless the request names another", () => {
  const code = new TextEncoder().encode("1");
  const request = parseExecutionRequest({ language: "ruby", code: "1", files: [{ path: "b.rb", content: "" }] });
  assertEquals(placeFiles(request, "main.rb"), {
    files: [{ path: "main.rb", bytes: code }, { path: "b.rb", bytes: new Uint8Array() }],
    entrypoint: "main.rb",
  });
  assertEquals(placeFiles({ ...request, entrypoint: "b.rb" }, "main.rb").entrypoint, "b.rb");
  const error = assertThrows(() => placeFiles(request, "b.rb"), CodeBeakerError);
  assertEquals(error.details.errors?.[0]?.path, "files[0].path");
});

Deno.test("parseExecutionRequest() takes no files that lie too deep, or in too many directories", () => {
  const filesIn = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ path: `${index}/${"d/".repeat(99)}f`, content: "" }));
  const request = { language: "ruby", code: "1" };
  assertEquals(parseExecutionRequest({ ...request, files: filesIn(100) }).files.length, 100);
  assertEquals(fault({ ...request, files: filesIn(101) }).details.errors?.[0]?.path, "files[100].path");
  const deep = fault({ ...request, files: [{ path: `${"d/".repeat(128)}f`, content: "" }] });
  assertEquals([deep.code, deep.details.errors?.[0]?.path], ["too_large", "files[0].path"]);
});

Deno.test("parseExecutionRequest() takes environment and the aliases of languages", () => {
  assertEquals(parseExecutionRequest({ environment: "Python3", code: "1" }).language, "python");
  assertEquals(parseExecutionRequest({ language: "golang", code: "1" }).language, "go");
  assertEquals(parseSelectionRequest({ language: "dotnet" }).language, "csharp");
  assertEquals(fault({ language: "go", environment: "python", code: "1" }).details.errors?.[0]?.path, "environment");
});

Deno.test("parseExecutionRequest() names every field that is off", () => {
  const table: [Record<string, unknown>, string][] = [
    [{ code: "1" }, "language"],
    [{ language: 3, code: "1" }, "language"],
    [{ language: "deno" }, "code"],
    [{ language: "deno", code: 1 }, "code"],
    [{ language: "deno", code: "1", limits: { memoryMb: -1 } }, "limits.memoryMb"],
    [{ language: "deno", code: "1", limits: { memoryMb: 1.5 } }, "limits.memoryMb"],
    [{ language: "deno", code: "1", limits: { memoryMb: 1e9 } }, "limits.memoryMb"],
    [{ language: "deno", code: "1", timeoutMs: 3_600_001 }, "timeoutMs"],
    [{ language: "deno", code: "1", timeoutMs: 0 }, "timeoutMs"],
    [{ language: "deno", code: "1", limits: { maxTotalOutputBytes: 4_294_967_297 } }, "limits.maxTotalOutputBytes"],
    [{ language: "deno", code: "1", preference: "fast" }, "preference"],
    [{ language: "deno", code: "1", minIsolation: 11 }, "minIsolation"],
    [{ language: "deno", code: "1", args: ["a\0b"] }, "args[0]"],
    [{ language: "deno", code: "1", args: ["x".repeat(131_001)] }, "args[0]"],
    [{ language: "deno", code: "1", args: Array.from({ length: 9 }, () => "é".repeat(65_000)) }, "args"],
    [{ language: "deno", code: "1", env: { A: "x".repeat(130_001) } }, "env.A"],
    [{ language: "deno", code: "1", files: [{ path: "a\ud800", content: "" }] }, "files[0].path"],
    [{ language: "deno", code: "1", files: [{ path: "a", content: "*", encoding: "base64" }] }, "files[0].content"],
    [{ language: "deno", code: "1", files: [{ path: "a" }] }, "files[0].content"],
    [{ language: "deno", code: "1", permissions: { allowNet: ["a b"] } }, "permissions.allowNet[0]"],
    [{ language: "deno", code: "1", permissions: { allowRead: ["data"] } }, "permissions.allowRead[0]"],
    [{ language: "deno", code: "1", permissions: { allowRead: ["/data/../etc"] } }, "permissions.allowRead[0]"],
    [{ language: "deno", code: "1", permissions: { allowEnv: ["LD_PRELOAD"] } }, "permissions.allowEnv[0]"],
    [{ language: "deno", code: "1", env: { NODE_OPTIONS: "" } }, "env.NODE_OPTIONS"],
    [{ language: "deno", code: "1", env: { "A=B": "" } }, "env.A=B"],
    [{ language: "deno", code: "1", env: { A: "x\0" } }, "env.A"],
  ];
  for (const [value, path] of table) {
    const error = fault(value);
    assertEquals([path, error.code, error.details.errors?.[0]?.path], [path, "invalid_request", path]);
  }
});

Deno.test("parseExecutionRequest() tells the nearest name of an unknown field or value", () => {
  const unknown = fault({ languge: "deno", code: "1", limits: { memory: 3 }, permissions: { allowNett: true } });
  const messages = unknown.details.errors?.map(({ path, message }) => `${path}: ${message}`) ?? [];
  assert(messages.includes('languge: Unknown field "languge", did you mean "language"?'), messages.join());
  assert(messages.includes('limits.memory: Unknown field "memory", did you mean "memoryMb"?'), messages.join());
  assert(
    messages.includes('permissions.allowNett: Unknown field "allowNett", did you mean "allowNet"?'),
    messages.join(),
  );
  assertStringIncludes(fault({ language: "deno", code: "1", preference: "memmory" }).message, 'did you mean "memory"?');
});

Deno.test("parseExecutionRequest() refuses what is no object, and keys that reach for the prototype", () => {
  for (const value of [null, [], "x", 3, true]) assertEquals(fault(value).code, "invalid_request");
  assertEquals(fault(JSON.parse('{"language":"deno","code":"1","__proto__":{"x":1}}')).code, "invalid_request");
  const variable = fault(JSON.parse('{"language":"deno","code":"1","env":{"__proto__":"x"}}'));
  assertEquals([variable.code, variable.details.errors?.[0]?.path], ["invalid_request", "env.__proto__"]);
});

Deno.test("parseExecutionRequest() refuses paths that leave the workspace and code over its limit", () => {
  const outside = fault({ language: "deno", files: [{ path: "ok", content: "" }, { path: "../x", content: "" }] });
  assertEquals([outside.code, outside.details.errors?.[0]?.path], ["permission_denied", "files[1].path"]);
  assertEquals(fault({ language: "deno", code: "1", entrypoint: "/etc/passwd" }).code, "permission_denied");
  assertEquals(fault({ language: "deno", code: "x".repeat(MAX_CODE_BYTES + 1) }).code, "too_large");
  const largest = parseExecutionRequest({ language: "deno", code: "x".repeat(MAX_CODE_BYTES) });
  assertEquals(largest.code?.length, MAX_CODE_BYTES);
});

Deno.test("parseExecutionRequest() names the file that is off before anything else is asked", () => {
  const table: [Record<string, unknown>, string][] = [
    [{ files: [{ path: "main.py", content: "" }] }, "files[0].path"],
    [{ files: [{ path: "a", content: "" }, { path: "./a", content: "" }] }, "files[1].path"],
    [{ files: [{ path: "a/b", content: "" }, { path: "a", content: "" }] }, "files[0].path"],
    [{ files: [{ path: "main.py/b", content: "" }] }, "files[0].path"],
    [{ files: [{ path: ".", content: "" }] }, "files[0].path"],
    [{ entrypoint: "other.ts" }, "entrypoint"],
  ];
  for (const [fields, path] of table) {
    const error = fault({ language: "python", code: "1", ...fields });
    assertEquals([error.code, error.details.errors?.[0]?.path], ["invalid_request", path]);
  }
  assertEquals(
    fault({ language: "deno", files: ["a.ts", "b.ts"].map((path) => ({ path, content: "" })) }).details.errors?.[0]
      ?.path,
    "entrypoint",
  );
  // What a language that only a runtime knows calls its main file is not known here.
  parseExecutionRequest({ language: "ruby", files: [{ path: "main.rb", content: "" }] });
  assertEquals(
    fault({ language: "ruby", files: [{ path: "a", content: "" }, { path: "a", content: "" }] }).details.errors?.[0]
      ?.path,
    "files[1].path",
  );
});

Deno.test("parseExecutionRequest() takes an empty list of hosts for no network", () => {
  assertEquals(
    parseExecutionRequest({ language: "deno", code: "1", permissions: { allowNet: [] } }).permissions.allowNet,
    false,
  );
});

Deno.test("parseExecutionRequest() bounds what it tells of hostile names", () => {
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}`, 1]));
  assert((fault({ language: "deno", code: "1", ...many }).details.errors?.length ?? 0) <= 20);
  assert(fault({ ["x".repeat(1_000_000)]: 1, language: "deno", code: "1" }).message.length < 1_000);
});

Deno.test("parseExecutionRequest() runs the only file, and asks for the main one of several", () => {
  const files = ["app.py", "util.py"].map((path) => ({ path, content: "1" }));
  const only = parseExecutionRequest({ language: "python", files: files.slice(0, 1) });
  assertEquals(placeFiles(only, "main.py").entrypoint, "app.py");
  const several = fault({ language: "python", files });
  assertEquals([several.code, several.message], [
    "invalid_request",
    "Name the main file in entrypoint: main.py is not among app.py, util.py",
  ]);
  const wrong = fault({ language: "python", files, entrypoint: "x.py" });
  assertEquals(wrong.message, "The entrypoint must be one of the files: x.py is not among app.py, util.py");
});
