import type { HonoRequest, MiddlewareHandler } from "hono";
import { z } from "zod";
import { parseAs, strictObject } from "../../core/parsing/validation.ts";
import type { AppEnv } from "./app_env.ts";

/** Schema of a whole number in a query string, from `min` to `max`. */
export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  return z.string().regex(/^\d{1,15}$/, "Must be a whole number").transform(Number).pipe(z.int().min(min).max(max));
}

const MAX_PAGE = 100;
const DEFAULT_PAGE = 50;

/** The fields of a query for one page of a listing. */
export const PAGE_FIELDS = {
  limit: wholeNumber({ min: 1, max: MAX_PAGE }).default(DEFAULT_PAGE).describe("Most entries of the page"),
  cursor: z.string().min(1).max(1_024).optional().describe("The nextCursor of the page before"),
};

/**
 * Parses the query string of a request; a name may occur once.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function parseQuery<Schema extends z.ZodType>(request: HonoRequest, schema: Schema): z.output<Schema> {
  const given = Map.groupBy(new URL(request.url).searchParams, ([name]) => name);
  const fields = [...given].map(([name, entries]) => {
    const values = entries.map(([, value]) => value);
    return [name, values.length === 1 ? values[0] : values];
  });
  return parseAs(schema, Object.fromEntries(fields), { what: "the query" });
}

const nothing = strictObject({});

/** Refuses a request with a query string, on routes where it has no meaning. */
export const noQuery: MiddlewareHandler<AppEnv> = (context, next) => {
  if (context.req.url.includes("?")) parseQuery(context.req, nothing);
  return next();
};
