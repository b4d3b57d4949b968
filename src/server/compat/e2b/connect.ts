import type { Context } from "hono";
import { type ErrorCode, type Failure, type FieldError, invalidField } from "../../../core/errors.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { decodeStrictly } from "../../http/body.ts";

/** An error of the Connect protocol. */
interface ConnectError {
  readonly code: string;
  readonly message: string;
}

/** Codes of the Connect protocol for errors. */
const CONNECT_CODES: Readonly<Record<ErrorCode, string>> = {
  invalid_request: "invalid_argument",
  unauthorized: "unauthenticated",
  permission_denied: "permission_denied",
  not_found: "not_found",
  conflict: "failed_precondition",
  too_large: "invalid_argument",
  unsupported_language: "invalid_argument",
  no_suitable_runtime: "failed_precondition",
  busy: "resource_exhausted",
  runtime_unavailable: "internal", // Clients take "unavailable" for a sandbox that has ended.
  internal: "internal",
};

/** The code of the Connect protocol for a problem. One about a field is an invalid argument. */
export function connectCode(
  { code, errors }: { readonly code: ErrorCode; readonly errors?: readonly FieldError[] | undefined },
): string {
  return errors === undefined ? CONNECT_CODES[code] : "invalid_argument";
}

/** Translates a failure for a stream. */
export function toConnectError({ code, details, message }: Failure): ConnectError {
  return { code: connectCode({ code, errors: details.errors }), message };
}

/** Length of the head of an envelope. It is one byte of flags, and the length of the message. */
const HEAD_BYTES = 5;

/** The flag of the last envelope of a stream. */
const END_STREAM = 2;

/** Whether a path is that of a procedure that answers with a stream. */
export function isStream(path: string): boolean {
  return /^\/e2b\/(process\.Process\/(Start|Connect)|filesystem\.Filesystem\/WatchDir)$/.test(path);
}

/** Whether a path is that of a remote procedure of a sandbox. */
export function isRpc(path: string): boolean {
  return /^\/e2b\/(process|filesystem)\./.test(path);
}

/** Puts a message of a stream in an envelope. */
export function envelope(message: object, flags = 0): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(message));
  const bytes = new Uint8Array(HEAD_BYTES + text.length);
  bytes[0] = flags;
  new DataView(bytes.buffer).setUint32(1, text.length);
  bytes.set(text, HEAD_BYTES);
  return bytes;
}

/** The last envelope of a stream, with the error that ended it. */
export function endEnvelope(error?: ConnectError): Uint8Array<ArrayBuffer> {
  return envelope({ error }, END_STREAM);
}

/** The media type of a stream of messages in JSON. */
export const STREAM_TYPE = "application/connect+json";

/** Answers a procedure with a stream by its error alone. */
export function streamError(error: ConnectError): Response {
  return new Response(endEnvelope(error), { headers: { "content-type": STREAM_TYPE } });
}

/** Answers a call that this door does not support, in the form of its API. */
export function notSupported(context: Context<AppEnv>): Response {
  const message = "This service does not support it";
  const { path } = context.req;
  if (isStream(path)) return streamError({ code: "unimplemented", message });
  return context.json({ code: isRpc(path) ? "unimplemented" : 501, message }, 501);
}

/**
 * Takes the text of the one message out of a stream's body.
 *
 * @throws {CodeBeakerError} `invalid_request` for any other body
 */
export function openEnvelope(body: Uint8Array<ArrayBuffer>): string {
  const message = body.subarray(HEAD_BYTES);
  const { buffer, byteOffset } = body;
  if (body.length < HEAD_BYTES || body[0] !== 0 || new DataView(buffer, byteOffset).getUint32(1) !== message.length) {
    throw invalidField("", "The body must be one envelope of the Connect protocol");
  }
  return decodeStrictly(message);
}
