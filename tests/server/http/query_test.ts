import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Hono } from "hono";
import { HonoRequest } from "hono/request";
import type { AppEnv } from "../../../src/server/http/app_env.ts";
import { sendProblem } from "../../../src/server/http/problem.ts";
import { z } from "zod";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { strictObject } from "../../../src/core/parsing/validation.ts";
import { noQuery, parseQuery, wholeNumber } from "../../../src/server/http/query.ts";

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
    ["?limit=0", "limit", "at least 1"],
    ["?limit=101", "limit", "at most 100"],
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

Deno.test("noQuery lets no query string through", async () => {
  const app = new Hono<AppEnv>().get("/", noQuery, (context) => context.text("ok"));
  app.onError((error, context) => sendProblem(context, error));
  for (const query of ["", "?"]) assertEquals((await app.request(`/${query}`)).status, 200);
  for (const query of ["?a=1", "?a", "?=", "?__proto__=1", "?a=1&a=2"]) {
    const response = await app.request(`/${query}`);
    assertEquals([query, response.status, (await response.json()).code], [query, 400, "invalid_request"]);
  }
});
