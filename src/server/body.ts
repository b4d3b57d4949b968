import type { HonoRequest } from "hono";
import { CodeBeakerError, messageOf } from "../core/errors.ts";

/** A client that sends nothing for so long counts as gone, whatever its connection says: an upload would keep its place. */
const MAX_SILENCE_MS = 60_000;

/**
 * The bytes of a request's body as they come.
 *
 * @throws {CodeBeakerError} `invalid_request` when it ends before it is whole, or nothing comes for a minute (`maxSilenceMs`)
 */
export async function* bodyOf(
  request: Pick<HonoRequest, "raw">,
  { maxSilenceMs = MAX_SILENCE_MS }: { readonly maxSilenceMs?: number } = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = request.raw.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const bytes = await readWithin(maxSilenceMs, reader);
      if (bytes === undefined) return;
      yield bytes;
    }
  } finally {
    await reader.cancel().catch(() => {}); // It has failed, which was told.
  }
}

async function readWithin(
  maxSilenceMs: number,
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    reader.cancel().catch(() => {}); // Whoever reads is told.
  }, maxSilenceMs);
  try {
    const { value } = await reader.read();
    if (isSilent) throw new Error(`nothing came for ${maxSilenceMs} ms`);
    return value;
  } catch (error) {
    throw brokenOff(error);
  } finally {
    clearTimeout(timer);
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
