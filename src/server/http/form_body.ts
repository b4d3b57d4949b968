import { Buffer } from "node:buffer";
import type { Context } from "hono";
import { CodeBeakerError } from "../../core/errors.ts";
import type { AppEnv } from "./app_env.ts";
import { bytesBody } from "./body.ts";

/** Most parts of a form. Each takes far longer to read than its bytes. */
const MAX_PARTS = 1_000;

/**
 * Reads the body of a request as a form. The lease grows by three times its length: the form has a copy of each file,
 * and its reader may read one more at a time.
 *
 * @throws {CodeBeakerError} `invalid_request` for what is no form; `too_large` for a long body or more than 1,000 parts;
 *   `busy` or `too_large` when the lease cannot grow so far
 */
export async function formBody(context: Context<AppEnv>): Promise<FormData> {
  const lease = context.get("lease");
  const body = await bytesBody(context.req, { ...context.get("bodyBounds"), lease });
  lease.growTo(3 * body.length);
  const type = context.req.header("content-type") ?? "";
  const [, quoted, plain] = /;\s*boundary=(?:"([\w'()+,./:=? -]+)"|([\w'()+./:=?-]+))/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw notForm();
  if (hasMore(body, `--${boundary}`, MAX_PARTS + 1)) { // The last one ends the form.
    throw new CodeBeakerError("too_large", `Cannot take the form as it must have at most ${MAX_PARTS} parts`);
  }
  // The parser gets the boundary that was counted, and not a header that it may read in another way.
  const headers = { "content-type": `multipart/form-data; boundary="${boundary}"` };
  return await new Response(body, { headers }).formData().catch((cause: unknown) => {
    throw notForm(cause);
  });
}

function notForm(cause?: unknown): CodeBeakerError {
  return new CodeBeakerError("invalid_request", "Cannot read the body as it must be a form", { cause });
}

/** Whether a text occurs more than `most` times in a body. */
function hasMore(body: Uint8Array<ArrayBuffer>, text: string, most: number): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  let at = -1;
  for (let count = 0; count <= most; count++) {
    at = bytes.indexOf(text, at + 1);
    if (at === -1) return false;
  }
  return true;
}
