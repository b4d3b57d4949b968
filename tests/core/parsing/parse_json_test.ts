import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { parseJson } from "../../../src/core/parsing/parse_json.ts";

const parse = (text: string) => parseJson(text, { what: "it" });

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const mixed = (depth: number) => '{"a":['.repeat(depth / 2) + "]}".repeat(depth / 2);
const list = (count: number) => `[${new Array(count).fill("0").join()}]`;
const object = (count: number) => `{${Array.from({ length: count }, (_, index) => `"${index}":0`).join()}}`;

Deno.test("parseJson() reads JSON as JSON.parse() does", () => {
  for (
    const text of ["null", ' {"a" : [1, "b", {}]} ', '"\\ud800"', nested(64), mixed(64), list(29_000), object(29_000)]
  ) {
    assertEquals(parse(text), JSON.parse(text));
  }
  for (const text of ["", "{", "[1,]", '"', '"\\"', "]".repeat(1_000), "nul", "[1]]"]) {
    assertThrows(() => parse(text), SyntaxError);
  }
});

Deno.test("parseJson() refuses what is too deep, whether it has an end or not", () => {
  for (
    const text of [nested(65), mixed(66), "[".repeat(5_000_000), '{"a":'.repeat(1_000_000), `"a",${"[".repeat(65)}`]
  ) {
    const error = assertThrows(() => parse(text), CodeBeakerError);
    assertEquals([error.code, error.details.errors?.length], ["invalid_request", 1]);
  }
});

Deno.test("parseJson() refuses too many values, of lists, of objects and of nothing", () => {
  for (const text of [list(30_001), object(30_001), `[${"[],".repeat(30_001)}0]`, ",".repeat(30_001)]) {
    assertEquals(assertThrows(() => parse(text), CodeBeakerError).code, "too_large");
  }
});

Deno.test("parseJson() counts nothing that stands in a string", () => {
  const hostile = [
    "[".repeat(100_000),
    ",".repeat(100_000),
    '"[',
    '\\"['.repeat(30_000),
    "\\\\",
    '\\\\"',
    "\u2028[",
    "{".repeat(99),
  ];
  assertEquals(parse(JSON.stringify(hostile)), hostile);
  const names = Object.fromEntries(hostile.map((text) => [text, text]));
  assertEquals(parse(JSON.stringify(names)), names);
});
