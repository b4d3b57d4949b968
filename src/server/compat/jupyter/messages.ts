import { z } from "zod";
import { concatBytes } from "../../../core/bytes/bytes.ts";
import { invalidField } from "../../../core/errors.ts";
import { readJson } from "../../../core/parsing/parse_json.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import { decodeText } from "../../../core/requests/content.ts";

/** The subprotocol in which a message is bytes: a table of offsets, then its parts. Without it, a message is JSON. */
export const BINARY_PROTOCOL = "v1.kernel.websocket.jupyter.org";

/** The version of the messages themselves. */
export const PROTOCOL_VERSION = "5.3";

const MESSAGE = { what: "the message" };
/** The parts of a message in bytes. The offset of each is in the table, and so is the end of the last. */
const PARTS = ["channel", "header", "parent_header", "metadata", "content"] as const;
/** Bytes of an offset, and of the number of offsets before the table. */
const OFFSET_BYTES = 8;
/** Most characters of a header, which every message about its own repeats. */
const MAX_HEADER_LENGTH = 4_096;

const headerSchema = z.looseObject({ msg_id: z.string().min(1), msg_type: z.string().min(1) })
  .refine((header) => JSON.stringify(header).length <= MAX_HEADER_LENGTH, `At most ${MAX_HEADER_LENGTH} characters`);
const messageSchema = z.looseObject({
  channel: z.enum(["shell", "control", "stdin", "iopub"]).nullish().transform((channel) => channel ?? "shell"),
  header: headerSchema,
  content: z.record(z.string(), z.unknown()),
});

/** A message of a client. */
export type Request = z.output<typeof messageSchema>;

/** The header of a client's message. */
export type Header = Request["header"];

/**
 * Reads a message: text as JSON, bytes as the binary protocol. Buffers behind its parts are ignored.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function readMessage(data: string | ArrayBuffer): Request {
  return parseAs(messageSchema, typeof data === "string" ? readJson(data, MESSAGE) : readParts(data), MESSAGE);
}

/** Reads the parts of a message. A part whose offsets are wrong is no JSON, or another part of the same message. */
function readParts(data: ArrayBuffer): object {
  if (data.byteLength < OFFSET_BYTES * (PARTS.length + 2)) throw invalidField("", "The message must have offsets");
  const offsets = Array.from(new BigUint64Array(data, OFFSET_BYTES, PARTS.length + 1), Number);
  return Object.fromEntries(PARTS.map((name, index) => {
    const text = decodeText(new Uint8Array(data.slice(offsets[index], offsets[index + 1])));
    if (text === undefined) throw invalidField("", "The message must be UTF-8");
    return [name, name === "channel" ? text : readJson(text, MESSAGE)];
  }));
}

/** What a message to clients is made of. */
export interface MessageOptions {
  readonly channel: string;
  readonly type: string;
  readonly content: object;
  /** Identifies the interpreter. */
  readonly session: string;
  /** The header of the request that the message is about. */
  readonly parent?: Header | undefined;
}

/** A message to clients, which is encoded once for all of them. */
export class Message {
  readonly channel: string;
  readonly header: Header;
  readonly parent_header: object;
  readonly metadata = {};
  readonly content: object;
  #text: string | undefined;
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  constructor({ channel, content, parent = {} as Header, session, type }: MessageOptions) {
    const date = new Date().toISOString();
    this.channel = channel;
    this.header = {
      ...{ msg_id: crypto.randomUUID(), msg_type: type },
      ...{ username: "kernel", session, date, version: PROTOCOL_VERSION },
    };
    this.parent_header = parent;
    this.content = content;
  }

  /** The message as JSON. */
  get text(): string {
    const { msg_id, msg_type } = this.header;
    return this.#text ??= JSON.stringify({ ...this, buffers: [], msg_id, msg_type });
  }

  /** The message in the binary protocol. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes !== undefined) return this.#bytes;
    const texts = PARTS.map((name) => name === "channel" ? this.channel : JSON.stringify(this[name]));
    const parts = texts.map((text) => new TextEncoder().encode(text));
    const offsets = [OFFSET_BYTES * (PARTS.length + 2)];
    for (const { length } of parts) offsets.push((offsets.at(-1) ?? 0) + length);
    // Numbers of the protocol, and of every machine that Deno runs on, begin with their lowest byte.
    const table = BigUint64Array.from([offsets.length, ...offsets].map(BigInt));
    return this.#bytes = concatBytes([new Uint8Array(table.buffer), ...parts]);
  }
}
