import { z } from "zod";
import { memoryOf, readFile as read } from "../../../commands/mod.ts";
import { unfinishedLength } from "../../../core/bytes/utf8.ts";
import { strictObject } from "../../../core/parsing/validation.ts";
import { decodeText, type EncodedContent } from "../../../core/requests/content.ts";
import { fileUri } from "../results/addresses.ts";
import { isNamedImage, mimeTypeOf, toBlock } from "../results/file_content.ts";
import { inSession, sessionId } from "./session_fields.ts";
import { defineTool, submitOptions, type ToolCall, type ToolResult } from "./tool.ts";

/** Bytes that one call reads where it names no length: a model reads them. An image is read whole. */
const DEFAULT_LENGTH = 65_536;

/** Most bytes that a call may name, as a text is in its answer twice. */
const MAX_LENGTH = 4_194_304;

const { offset, path } = read.schema.shape;

const readResult = z.object({ path: z.string(), content: z.string() });

/** Reads a file of a session: text, an image, or other bytes. */
export const readFile = defineTool({
  name: "read_file",
  title: "Read a file",
  description:
    `Reads a file of a session. An image is shown; a longer text comes in parts of ${DEFAULT_LENGTH} bytes, by offset and length.`,
  annotations: { readOnlyHint: true, openWorldHint: false },
  schema: strictObject({
    session: sessionId,
    path: path.describe("Relative to the session's files"),
    offset: offset.describe("The first byte to read"),
    length: z.int().min(1).max(MAX_LENGTH).optional().describe(`Most bytes to read, ${DEFAULT_LENGTH} by default`),
  }),
  output: z.object({
    session: z.string(),
    path: z.string(),
    bytes: z.int().describe("Bytes that were read"),
    mimeType: z.string(),
    text: z.string().optional().describe("Present for a text"),
    nextOffset: z.int().optional().describe("Where the next part begins. Absent at the end"),
  }),
  async run({ length, offset = 0, path, session }, call) {
    const isImage = isNamedImage(path);
    const most = length ?? (isImage ? undefined : DEFAULT_LENGTH);
    const command = {
      ...{ type: "read_file", path, encoding: "base64", offset },
      ...(most === undefined ? {} : { length: most + 1 }), // One more tells whether the file goes on.
    };
    return await inSession({ session }, call, async ({ id }) => {
      const { result } = await call.sessions.command(call.caller, id, command, submitOptions(call));
      const { content, path: name } = readResult.parse(result);
      const bytes = Uint8Array.fromBase64(content);
      const part = { bytes, content, path: name, session: id };
      return toResult(part, { most: most ?? bytes.length, offset, memory: call.memory });
    });
  },
});

/** The bytes that were read, also in base64. */
interface ReadPart {
  readonly bytes: Uint8Array;
  readonly content: string;
  readonly path: string;
  readonly session: string;
}

/** Shows the bytes of a file. A part of a text ends with a whole character. */
function toResult(
  { bytes, content, path, session }: ReadPart,
  { memory, most, offset }: Pick<ToolCall, "memory"> & { readonly most: number; readonly offset: number },
): ToolResult {
  const goesOn = bytes.length > most;
  const part = bytes.subarray(0, most);
  const whole = goesOn ? part.subarray(0, part.length - unfinishedLength(part)) : part;
  const text = decodeText(whole.length === 0 ? part : whole);
  const shown: EncodedContent = text === undefined
    ? { content: goesOn ? part.toBase64() : content, encoding: "base64" }
    : { content: text, encoding: "utf8" };
  const isText = text !== undefined;
  // A text is in the answer twice. The command has counted its own content.
  if (isText) memory?.growBy(Math.max(2 * (memoryOf(shown, whole) - content.length), 0));
  const length = isText ? whole.length : part.length;
  const file = { ...shown, path, uri: fileUri(session, path) };
  const nextOffset = goesOn ? offset + length : undefined;
  const more = nextOffset === undefined ? "" : `\n\n[The file goes on: read from offset ${nextOffset}.]`;
  return {
    content: isText
      ? [{ type: "text", text: `${file.content}${more}` }]
      : [toBlock(file), ...(more === "" ? [] : [{ type: "text" as const, text: more.trim() }])],
    structuredContent: {
      ...{ session, path, bytes: length, mimeType: mimeTypeOf(file) },
      ...(isText ? { text: file.content } : {}),
      ...(nextOffset === undefined ? {} : { nextOffset }),
    },
  };
}
