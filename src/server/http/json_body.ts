import type { Context } from "hono";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { AppEnv } from "./app_env.ts";
import { textBody } from "./body.ts";
import { parseJson } from "../../core/parsing/parse_json.ts";

/**
 * Reads the body of a request as JSON. Its content type is ignored, and an empty body counts as `{}`.
 *
 * @throws {CodeBeakerError} `invalid_request` for a body that is no JSON, incomplete or too deep; `too_large`; `busy`
 */
export async function jsonBody(context: Context<AppEnv>): Promise<unknown> {
  const text = await textBody(context.req, { ...context.get("bodyBounds"), lease: context.get("lease") });
  if (text === "") return {};
  try {
    return parseJson(text, { what: "the body" });
  } catch (cause) {
    if (cause instanceof CodeBeakerError) throw cause;
    throw new CodeBeakerError("invalid_request", `Cannot read the body as it must be JSON: ${messageOf(cause)}`, {
      cause,
      details: { errors: [{ path: "", message: "Not JSON" }] },
    });
  }
}
