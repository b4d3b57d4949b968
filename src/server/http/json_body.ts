import type { Context } from "hono";
import type { z } from "zod";
import type { AppEnv } from "./app_env.ts";
import { textBody } from "./body.ts";
import { readJson } from "../../core/parsing/parse_json.ts";
import { parseAs } from "../../core/parsing/validation.ts";

/**
 * Reads the body of a request as JSON. Its content type is ignored, and an empty body counts as `{}`.
 *
 * @throws {CodeBeakerError} `invalid_request` for a body that is no JSON, incomplete or too deep; `too_large`; `busy`
 */
export async function jsonBody(context: Context<AppEnv>): Promise<unknown> {
  const text = await textBody(context.req, { ...context.get("bodyBounds"), lease: context.get("lease") });
  return text === "" ? {} : readJson(text, { what: "the body" });
}

/**
 * Reads the body of a request as {@link jsonBody} does, and parses it by a schema.
 *
 * @throws {CodeBeakerError} as {@link jsonBody} and {@link parseAs} do
 */
export async function bodyAs<Schema extends z.ZodType>(
  context: Context<AppEnv>,
  schema: Schema,
  options: { readonly what: string } = { what: "the request" },
): Promise<z.output<Schema>> {
  return parseAs(schema, await jsonBody(context), options);
}
