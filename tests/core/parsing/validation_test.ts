import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { z } from "zod";
import { CodeBeakerError, type FieldError } from "../../../src/core/errors.ts";
import { oneOf, parseAs, strictObject, unknownName } from "../../../src/core/parsing/validation.ts";

function fault(schema: z.ZodType, value: unknown): CodeBeakerError {
  const error = assertThrows(() => parseAs(schema, value, { what: "the thing" }), CodeBeakerError);
  assertEquals(error.code, "invalid_request");
  return error;
}

function faults(schema: z.ZodType, value: unknown): readonly FieldError[] {
  return fault(schema, value).details.errors ?? [];
}

function paths(schema: z.ZodType, value: unknown): string[] {
  return faults(schema, value).map(({ path }) => path);
}

Deno.test("unknownName() quotes a name and tells the known one that may have been meant", () => {
  assertEquals(unknownName("languge", ["code", "language", "files"]), '"languge", did you mean "language"?');
  assertEquals(unknownName("cod", ["code", "language"]), '"cod", did you mean "code"?');
});

Deno.test("unknownName() suggests no name that has little in common with the given one", () => {
  for (const given of ["zzzzzz", ""]) {
    const text = unknownName(given, ["code", "files"]);
    assertStringIncludes(text, JSON.stringify(given));
    assert(!text.includes("did you mean"), text);
  }
  assertEquals(unknownName("x", []), '"x"');
});

Deno.test("unknownName() stays on one line", () => {
  assertStringIncludes(unknownName('a\n"b', ["code"]), String.raw`"a\n\"b"`);
});

Deno.test("unknownName() quotes a long name in part and suggests nothing", () => {
  const known = ["x".repeat(64)];
  assertEquals(unknownName("x".repeat(65), known), `"${"x".repeat(64)}"…`);
  assertEquals(unknownName("x".repeat(1_000_000), known), `"${"x".repeat(64)}"…`);
  assertStringIncludes(unknownName("x".repeat(63) + "y", known), "did you mean");
});

Deno.test("strictObject() takes its fields and nothing else", () => {
  const schema = strictObject({ code: z.string(), files: z.array(z.string()).default([]) });
  assertEquals(parseAs(schema, { code: "1" }, { what: "the thing" }), { code: "1", files: [] });
  for (const value of [undefined, null, 3, "text", [], () => {}]) assertEquals(paths(schema, value), [""]);
  assertEquals(paths(schema, JSON.parse('{"code":"1","__proto__":{}}')), ["__proto__"]);
});

Deno.test("strictObject() names each unknown field, where it is, and the nearest known one", () => {
  const schema = strictObject({ limits: strictObject({ memoryMb: z.number().optional() }), code: z.string() });
  const errors = faults(schema, { code: "1", cod: "1", limits: { memoryMB: 3, memryMb: 4 } });
  const byPath = Object.fromEntries(errors.map(({ path, message }) => [path, message]));
  assertEquals(Object.keys(byPath).toSorted(), ["cod", "limits.memoryMB", "limits.memryMb"]);
  assertEquals(byPath, {
    "cod": 'Unknown field "cod", did you mean "code"?',
    "limits.memoryMB": 'Unknown field "memoryMB", did you mean "memoryMb"?',
    "limits.memryMb": 'Unknown field "memryMb", did you mean "memoryMb"?',
  });
});

Deno.test("strictObject() says which field holds a name that stands beside it", () => {
  const limits = strictObject({ memoryMb: z.number() }, { elsewhere: { timeoutMs: "Give it beside limits" } })
    .optional();
  const schema = strictObject({ limits, timeoutMs: z.number().default(1) });
  assertEquals(faults(schema, { memoryMb: 3 }), [
    { path: "memoryMb", message: 'Give it in limits: {"limits": {"memoryMb": …}}' },
  ]);
  assertEquals(faults(schema, { limits: { memoryMb: 3, timeoutMs: 4 } }), [
    { path: "limits.timeoutMs", message: "Give it beside limits" },
  ]);
});

Deno.test("strictObject() keeps the place of each unknown field when a name holds a line break", () => {
  const errors = faults(strictObject({ code: z.string() }), { code: "1", "a\nb": 1, codes: 2 });
  assertEquals(errors.map(({ path }) => path), ["a\\nb", "codes"]);
  assertStringIncludes(errors[1]?.message ?? "", '"codes"');
});

Deno.test("oneOf() takes its names and tells the nearest of any other", () => {
  const schema = oneOf(["balanced", "speed", "security"]);
  assertEquals(parseAs(schema, "speed", { what: "the thing" }), "speed");
  assertEquals(faults(schema, "sped"), [{ path: "", message: 'Unknown value "sped", did you mean "speed"?' }]);
});

Deno.test("oneOf() tells the names when it is given something else than a text", () => {
  for (const value of [3, null, undefined, ["speed"]]) {
    const message = faults(oneOf(["balanced", "speed"]), value)[0]?.message ?? "";
    assertStringIncludes(message, "balanced");
    assertStringIncludes(message, "speed");
  }
});

Deno.test("parseAs() returns what the schema makes of a value", () => {
  assertEquals(parseAs(z.string().transform((text) => text.length), "four", { what: "the thing" }), 4);
});

Deno.test("parseAs() says where each fault is", () => {
  const schema = strictObject({
    a: strictObject({ b: z.array(z.number()) }).optional(),
    list: z.array(strictObject({ path: z.string() })).optional(),
    rows: z.array(z.array(z.number())).optional(),
    env: z.record(z.string(), z.string()).optional(),
  });
  const table: [unknown, string][] = [
    [3, ""],
    [{ a: 3 }, "a"],
    [{ a: {} }, "a.b"],
    [{ a: { b: ["x"] } }, "a.b[0]"],
    [{ a: { b: [1, 2, "x"] } }, "a.b[2]"],
    [{ a: { b: [], c: 1 } }, "a.c"],
    [{ list: [{ path: "a" }, { path: 1 }] }, "list[1].path"],
    [{ rows: [[1], [2, "x"]] }, "rows[1][1]"],
    [{ env: { A: 1 } }, "env.A"],
    [{ env: { "0": 1 } }, "env.0"],
  ];
  for (const [value, path] of table) assertEquals(paths(schema, value), [path]);
  assertEquals(paths(z.array(z.number()), [1, "x"]), ["[1]"]);
});

Deno.test("parseAs() tells what it could not read and every fault in the message too", () => {
  const { message, details } = fault(strictObject({ a: z.number(), b: z.number() }), { a: "x" });
  const [first, second] = details.errors ?? [];
  assertEquals([first?.path, second?.path], ["a", "b"]);
  assertEquals(message, `Cannot read the thing: a: ${first?.message}; b: ${second?.message}`);
  assertEquals(fault(z.number().max(3, "At most 3"), 4).message, "Cannot read the thing: At most 3");
});

Deno.test("parseAs() tells the reason why a key of a record is refused", () => {
  const name = z.string().refine((text) => text.length < 4, "A name is short");
  const schema = strictObject({ env: z.record(name, z.string()) });
  assertEquals(faults(schema, { env: { ABC: "1", LONG: "2" } }), [{ path: "env.LONG", message: "A name is short" }]);
});

Deno.test("parseAs() tells a bounded number of faults", () => {
  const many = Array.from({ length: 1_000 }, (_, index) => `field${index}`);
  const unknown = Object.fromEntries(many.map((name) => [name, 1]));
  assertEquals(faults(z.array(z.number()), many).length, 20);
  assertEquals(faults(strictObject({ code: z.string().optional() }), unknown).length, 20);
  const nested = z.array(strictObject({}));
  assertEquals(faults(nested, [unknown, unknown]).length, 20);
});

Deno.test("parseAs() tells places and names of a bounded length", () => {
  const name = "x".repeat(100_000);
  const schema = strictObject({ env: z.record(z.string(), z.number()), mode: oneOf(["Create", "Append"]) });
  const { message, details } = fault(schema, { env: { [name]: "x" }, mode: name, [name]: 1 });
  const errors = details.errors ?? [];
  assertEquals(errors.length, 3);
  for (const { path, message } of errors) {
    assert(path.length <= 256, `a path of ${path.length} characters`);
    assert(message.length <= 256, `a message of ${message.length} characters`);
  }
  assert(message.length <= 2_000, `a text of ${message.length} characters`);
});

Deno.test("parseAs() says in words of the API what a field must be, and what it is", () => {
  const table: [z.ZodType, unknown, string][] = [
    [z.string(), undefined, "Must be a string, and is missing"],
    [z.string(), 3, "Must be a string, and is a number"],
    [z.int(), 1.5, "Must be a whole number, and is 1.5"],
    [z.array(z.string()), "a", "Must be a list, and is a string"],
    [z.record(z.string(), z.string()), null, "Must be an object, and is null"],
    [z.boolean(), [], "Must be true or false, and is a list"],
    [z.int().max(9), 10, "Must be at most 9"],
    [z.int().min(1), 0, "Must be at least 1"],
    [z.string().max(2), "abc", "Must be at most 2 characters long"],
    [z.string().min(1), "", "Must not be empty"],
    [z.array(z.int()).max(1), [1, 2], "Must be at most 1 items long"],
    [z.union([z.string(), z.int()]), true, "Must have one of the forms that the documentation lists, and is true"],
    [z.literal("a"), "b", 'Must be "a", and is a string'],
  ];
  for (const [schema, value, message] of table) assertEquals(faults(schema, value), [{ path: "", message }]);
});
