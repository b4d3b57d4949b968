import type { HonoRequest } from "hono";
import { CodeBeakerError, messageOf } from "../core/errors.ts";

/** The bytes of a request's body as they come. @throws {CodeBeakerError} `invalid_request` when it ends before it is whole */
export async function* bodyOf(request: HonoRequest): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    yield* request.raw.body ?? [];
  } catch (error) {
    throw brokenOff(error);
  }
}

/**
 * The body of a request as text. It takes as much memory as has come of it: `Request.text()` makes room for all that the header
 * announces, and a client that sends nothing more would hold it.
 *
 * @throws {CodeBeakerError} `invalid_request` when it ends before it is whole
 */
export async function textBody(request: HonoRequest): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of bodyOf(request)) text += decoder.decode(bytes, { stream: true });
  return text + decoder.decode();
}

/** What is told of a body that could not be read: it is the client that does not send it. */
export function brokenOff(cause: unknown): CodeBeakerError {
  return new CodeBeakerError("invalid_request", `Cannot read the body as it ended too soon: ${messageOf(cause)}`, {
    cause,
  });
}
