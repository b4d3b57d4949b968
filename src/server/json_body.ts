import type { HonoRequest } from "hono";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { textBody } from "./body.ts";

/** The body of a request as JSON, whatever its content type says. @throws {CodeBeakerError} `invalid_request` */
export async function jsonBody(request: HonoRequest): Promise<unknown> {
  const text = await textBody(request);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CodeBeakerError("invalid_request", `Cannot read the body as it must be JSON: ${messageOf(cause)}`, {
      cause,
      details: { errors: [{ path: "", message: "Not JSON" }] },
    });
  }
}
