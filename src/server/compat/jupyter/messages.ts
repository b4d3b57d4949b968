import { z } from "zod";
import { invalidField } from "../../../core/errors.ts";
import { readJson } from "../../../core/parsing/parse_json.ts";
import { parseAs } from "../../../core/parsing/validation.ts";

/** The subprotocol in which a message is bytes: a table of offsets, then its parts. Without it, a message is JSON. */
export const BINARY_PROTOCOL = "v1.kernel.websocket.jupyter.org";

/** The version of the messages themselves. */
export const PROTOCOL_VERSION = "5.3";

const MESSAGE = { what: "the message" };
/** Bytes of an offset. */
const OFFSET_BYTES = 8;
/** The parts of a message. Buffers follow them. */
const PARTS = ["channel", "header", "parent_header", "metadata", "content"] as const;
/** Most buffers of a message. Nothing here reads them. */
const MAX_BUFFERS = 1_000;
/** Most characters of a header, which every message about its own repeats. */
const MAX_HEADER_LENGTH = 4_096;

const objectSchema = z.record(z.string(), z.unknown());
const headerSchema = z.looseObject({ msg_id: z.string().min(1), msg_type: z.string().min(1) })
  .refine((header) => JSON.stringify(header).length <= MAX_HEADER_LENGTH, `At most ${MAX_HEADER_LENGTH} characters`);
const messageSchema = z.looseObject({
  channel: z.enum(["shell", "control", "stdin", "iopub"]).nullish().transform((channel) => channel ?? "shell"),
  header: headerSchema,
  content: objectSchema,
});

/** A message of a client. */
export type Request = z.output<typeof messageSchema>;

/** The header of a client's message. */
export type Header = Request["header"];

/** A message to clients. */
export interface Message {
  readonly channel: string;
  readonly header: Header;
  readonly parent_header: Header | Record<string, never>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly content: object;
}

/**
 * Reads a message: text as JSON, bytes as the binary protocol.
 *
 * @throws {CodeBeakerError} `invalid_request`, `too_large`
 */
export function readMessage(data: unknown, subprotocol: string | undefined): Request {
  const isBinary = subprotocol === BINARY_PROTOCOL;
  if (isBinary !== data instanceof ArrayBuffer) throw malformed(isBinary ? "it must be bytes" : "it must be text");
  return parseAs(
    messageSchema,
    data instanceof ArrayBuffer ? readParts(data) : readJson(String(data), MESSAGE),
    MESSAGE,
  );
}

/** A message as one subprotocol sends it. */
type Encoded = string | Uint8Array<ArrayBuffer>;

/** Messages as they were encoded for their first clients. */
const ENCODED = new WeakMap<Message, Map<boolean, Encoded>>();

/** Encodes a message for a client. It is encoded once for all clients of a subprotocol. */
export function writeMessage(message: Message, subprotocol: string | undefined): Encoded {
  const isBinary = subprotocol === BINARY_PROTOCOL;
  const known = ENCODED.get(message) ?? new Map<boolean, Encoded>();
  ENCODED.set(message, known);
  const encoded = known.get(isBinary) ?? (isBinary ? writeParts(message) : writeText(message));
  known.set(isBinary, encoded);
  return encoded;
}

function writeText(message: Message): string {
  const { msg_id, msg_type } = message.header;
  return JSON.stringify({ ...message, buffers: [], msg_id, msg_type });
}

function writeParts(message: Message): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts = PARTS.map((name) =>
    encoder.encode(name === "channel" ? message.channel : JSON.stringify(message[name]))
  );
  const begin = OFFSET_BYTES * (parts.length + 2);
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, begin));
  const table = new DataView(bytes.buffer);
  table.setBigUint64(0, BigInt(parts.length + 1), true);
  let at = begin;
  for (const [index, part] of parts.entries()) {
    table.setBigUint64(OFFSET_BYTES * (index + 1), BigInt(at), true);
    bytes.set(part, at);
    at += part.length;
  }
  table.setBigUint64(OFFSET_BYTES * (parts.length + 1), BigInt(at), true);
  return bytes;
}

/** Reads the parts that a table of offsets names. The last offset is the end. */
function readParts(data: ArrayBuffer): Record<string, unknown> {
  const table = new DataView(data);
  const count = data.byteLength < OFFSET_BYTES ? 0 : Number(table.getBigUint64(0, true));
  const begin = OFFSET_BYTES * (count + 1);
  if (count <= PARTS.length || count > PARTS.length + 1 + MAX_BUFFERS || begin > data.byteLength) {
    throw malformed(`it must have ${PARTS.length + 1} to ${PARTS.length + 1 + MAX_BUFFERS} offsets`);
  }
  const offsets = Array.from({ length: count }, (_, at) => Number(table.getBigUint64(OFFSET_BYTES * (at + 1), true)));
  if (offsets.some((offset, at) => offset < (offsets[at - 1] ?? begin) || offset > data.byteLength)) {
    throw malformed("its offsets must rise, and stay within it");
  }
  return Object.fromEntries(PARTS.map((name, at) => {
    const text = decode(data.slice(offsets[at], offsets[at + 1]));
    return [name, name === "channel" ? text : readJson(text, MESSAGE)];
  }));
}

function decode(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformed("its text must be UTF-8");
  }
}

function malformed(why: string) {
  return invalidField("", `Cannot read the message as ${why}`);
}
