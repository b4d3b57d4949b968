import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { HonoRequest } from "hono/request";
import { z } from "zod";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { strictObject } from "../../src/core/validation.ts";
import { parseQuery, wholeNumber } from "../../src/server/query.ts";

const schema = strictObject({ limit: wholeNumber({ min: 1, max: 100 }).optional(), cursor: z.string().optional() });

function read(query: string) {
  return parseQuery(new HonoRequest(new Request(`http://localhost/${query}`)), schema);
}

Deno.test("parseQuery() reads what the schema names", () => {
  assertEquals(read(""), {});
  assertEquals(read("?limit=20&cursor=a%26b+c"), { limit: 20, cursor: "a&b c" });
  assertEquals(read("?limit=007"), { limit: 7 });
});

Deno.test("parseQuery() refuses unknown names with the nearest, repeated ones and numbers out of bounds", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["?limt=1", "limt", '"limit"'],
    ["?limit=1&limit=2", "limit", "string"],
    ["?limit=0", "limit", ">=1"],
    ["?limit=101", "limit", "<=100"],
    ["?limit=1e1", "limit", "whole number"],
    ["?limit=-1", "limit", "whole number"],
    ["?limit=", "limit", "whole number"],
    ["?limit=9999999999999999999", "limit", "whole number"],
    ["?__proto__=1", "__proto__", "reserved"],
  ];
  for (const [query, path, text] of cases) {
    const error = assertThrows(() => read(query), CodeBeakerError);
    assertEquals([query, error.code, error.details.errors?.[0]?.path], [query, "invalid_request", path]);
    assertStringIncludes(error.message, text);
  }
});
