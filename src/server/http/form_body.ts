import { parse } from "content-disposition";
import type { Context } from "hono";
import { createYielder } from "../../concurrency/delay.ts";
import { CodeBeakerError } from "../../core/errors.ts";
import type { AppEnv } from "./app_env.ts";
import { bytesBody, decodeStrictly } from "./body.ts";

/** Most parts of a form. Each takes far longer to read than its bytes. */
const MAX_PARTS = 1_000;
/** Most bytes of a part's headers. A path has 4,096, or three times as many where it is percent-encoded. */
const MAX_HEADER_BYTES = 16_384;

/** The boundary in a content type (RFC 2046, 5.1.1). */
const BOUNDARY = /;\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+./:=?-]{1,70})(?=\s*(?:;|$)))/i;
const DISPOSITION = /\r\ncontent-disposition:([^\r\n]*)/i;
const ENCODER = new TextEncoder();
const END_OF_HEADERS = ENCODER.encode("\r\n\r\n");
const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const HYPHEN = 45;

/** A part of a form. Its bytes are a view of the form's. */
export interface FormPart {
  readonly name: string | undefined;
  /** The name of its file; undefined for a part that is none. */
  readonly filename: string | undefined;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Yields the parts of a request's body, which is a form. The lease holds its bytes once, as each part is a view of them;
 * it does not hold the names.
 *
 * @throws {CodeBeakerError} `invalid_request` for what is no form; `too_large` for a long body or more than 1,000 parts;
 *   `busy` or `too_large` when the lease cannot grow so far
 */
export async function* formBody(context: Context<AppEnv>): AsyncGenerator<FormPart> {
  const type = context.req.header("content-type") ?? "";
  const [, quoted, plain] = BOUNDARY.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined || !/^\s*multipart\/form-data\s*;/i.test(type)) {
    throw notForm("its type must be multipart/form-data with a boundary");
  }
  const body = await bytesBody(context.req, { ...context.get("bodyBounds"), lease: context.get("lease") });
  const yieldToOthers = createYielder();
  for (const part of formParts(body, boundary)) {
    yield part;
    await yieldToOthers();
  }
}

/**
 * Reads the parts of a form (RFC 7578), and their names as browsers write them.
 *
 * @throws {CodeBeakerError} `invalid_request`, `too_large`
 */
export function* formParts(body: Uint8Array<ArrayBuffer>, boundary: string): Generator<FormPart> {
  const delimiter = ENCODER.encode(`\r\n--${boundary}`);
  const findDelimiter = (options: SearchStart) => {
    const end = findEnd(body, delimiter, options);
    if (end === -1) throw notForm("its boundary must begin it, and end each part");
    return end;
  };
  let at = findDelimiter({ matched: 2 }); // A form begins as after the end of a line.
  for (let count = 0; body[at] !== HYPHEN || body[at + 1] !== HYPHEN; count++) {
    if (count === MAX_PARTS) {
      throw new CodeBeakerError("too_large", `Cannot take the form as it must have at most ${MAX_PARTS} parts`);
    }
    const length = findEnd(body.subarray(at, at + MAX_HEADER_BYTES), END_OF_HEADERS);
    if (length === -1 || body[at] !== CARRIAGE_RETURN || body[at + 1] !== LINE_FEED) {
      throw notForm(`each part must begin with headers, at most ${MAX_HEADER_BYTES} bytes long`);
    }
    const [, disposition = ""] = DISPOSITION.exec(decodeStrictly(body.subarray(at, at + length))) ?? [];
    const { filename, name } = parse(disposition, { multipart: true }).parameters;
    const from = at + length;
    at = findDelimiter({ from });
    yield { name, filename, bytes: body.subarray(from, at - delimiter.length) };
  }
}

/** Where a search begins. */
interface SearchStart {
  readonly from?: number;
  /** How many bytes of the text precede it. */
  readonly matched?: number;
}

/**
 * Finds where a text ends in bytes; -1 without it. Each byte is read once: the text is an end of a line with others that
 * have none, or two of them, so a match can begin within a failed one only at its last byte.
 */
export function findEnd(
  bytes: ArrayLike<number>,
  text: ArrayLike<number>,
  { from = 0, matched = 0 }: SearchStart = {},
): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === text[matched]) matched++;
    else matched = byte === CARRIAGE_RETURN ? 1 : 0;
    if (matched === text.length) return at + 1;
  }
  return -1;
}

function notForm(why: string): CodeBeakerError {
  return new CodeBeakerError("invalid_request", `Cannot read the body as a form: ${why}`);
}
