import { z } from "zod";
import { readFile as read } from "../../../commands/mod.ts";
import { unfinishedLength } from "../../../core/bytes/utf8.ts";
import { strictObject } from "../../../core/parsing/validation.ts";
import { encodeContent } from "../../../core/requests/content.ts";
import { fileUri } from "../results/addresses.ts";
import { IMAGE_TYPES, mimeTypeOf, toBlock } from "../results/file_content.ts";
import { inSession, sessionId } from "./session_fields.ts";
import { defineTool, submitOptions, type ToolResult } from "./tool.ts";

/** Bytes that one call reads where it names no length: a model reads them. An image is read whole. */
const DEFAULT_LENGTH = 65_536;

const { length, offset, path } = read.schema.shape;

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
    length: length.describe(`Most bytes to read, ${DEFAULT_LENGTH} by default`),
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
    const isImage = IMAGE_TYPES.includes(mimeTypeOf({ path, encoding: "base64" }));
    const most = length ?? (isImage ? undefined : DEFAULT_LENGTH);
    const command = {
      ...{ type: "read_file", path, encoding: "base64", offset },
      ...(most === undefined ? {} : { length: most + 1 }), // One more tells whether the file goes on.
    };
    return await inSession({ session }, call, async ({ id }) => {
      const { result } = await call.sessions.command(call.caller, id, command, submitOptions(call));
      const { content, path: name } = readResult.parse(result);
      const bytes = Uint8Array.fromBase64(content);
      return toResult({ bytes, path: name, session: id }, { most: most ?? bytes.length, offset });
    });
  },
});

/** Shows the bytes of a file. A part of a text ends with a whole character. */
function toResult(
  { bytes, path, session }: { readonly bytes: Uint8Array; readonly path: string; readonly session: string },
  { most, offset }: { readonly most: number; readonly offset: number },
): ToolResult {
  const goesOn = bytes.length > most;
  const part = bytes.subarray(0, most);
  const whole = goesOn ? part.subarray(0, part.length - unfinishedLength(part)) : part;
  const shown = encodeContent(whole.length === 0 ? part : whole);
  const length = shown.encoding === "utf8" ? whole.length : part.length;
  const file = { ...(shown.encoding === "utf8" ? shown : encodeContent(part)), path, uri: fileUri(session, path) };
  const nextOffset = goesOn ? offset + length : undefined;
  const more = nextOffset === undefined ? "" : `\n\n[The file goes on: read from offset ${nextOffset}.]`;
  const isText = file.encoding === "utf8";
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
