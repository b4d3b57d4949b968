import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { toText } from "../../../../src/runtimes/interpreters/ecmascript/reports.js";

Deno.test("toText() writes any JSON as JSON.stringify() does", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => assertEquals(toText(value), JSON.stringify(value))));
  assertEquals(toText({ a: undefined, b: 1, c: undefined }), '{"b":1}');
});

Deno.test("toText() asks no value for a toJSON", () => {
  assertEquals(toText({ a: [1, { toJSON: "text" }] }), '{"a":[1,{"toJSON":"text"}]}');
  const planted = [Object.prototype, Array.prototype];
  for (const prototype of planted) {
    Object.defineProperty(prototype, "toJSON", { value: () => "forged", configurable: true });
  }
  try {
    assertEquals(toText({ a: [1] }), '{"a":[1]}');
  } finally {
    for (const prototype of planted) Reflect.deleteProperty(prototype, "toJSON");
  }
});
