import type { HonoRequest, MiddlewareHandler } from "hono";
import { z } from "zod";
import { parseAs, strictObject } from "../../core/parsing/validation.ts";
import type { AppEnv } from "./app_env.ts";

/** A whole number in a query string, within bounds that are included. */
export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  return z.string().regex(/^\d{1,15}$/, "Must be a whole number").transform(Number).pipe(z.int().min(min).max(max));
}

/**
 * The query string of a request as what `schema` promises; a name may stand there once.
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

/** Lets no request further that has a query string, where none has a meaning. */
export const noQuery: MiddlewareHandler<AppEnv> = async (context, next) => {
  parseQuery(context.req, nothing);
  await next();
};
