import { z } from "zod";
import { writeFile as write } from "../../../commands/mod.ts";
import { strictObject } from "../../../core/parsing/validation.ts";
import { inSession, sessionFields } from "./session_fields.ts";
import { defineTool, submitOptions } from "./tool.ts";

const { content, encoding, mode, path } = write.schema.shape;

const written = z.object({ path: z.string(), bytes: z.int() });

/** Writes a file of a session. */
export const writeFile = defineTool({
  name: "write_file",
  title: "Write a file",
  description: "Writes a file of a session, with the directories above it. Programs of the session find it.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  schema: strictObject({
    path: path.describe("Relative to the session's files, such as data/input.csv"),
    content,
    encoding: encoding.describe("base64 for bytes that are no text"),
    mode: mode.describe("Create replaces a file, CreateNew fails where there is one"),
    ...sessionFields,
  }),
  output: written.extend({ session: z.string() }),
  async run({ content, encoding, language, limits, mode, path, permissions, runtime, session }, call) {
    const choice = { language, limits, permissions, runtime, session };
    return await inSession(choice, call, async ({ id }) => {
      const command = { type: "write_file", path, content, encoding, mode };
      const { result } = await call.sessions.command(call.caller, id, command, submitOptions(call));
      const { path: name, bytes } = written.parse(result);
      return {
        content: [{ type: "text", text: `Wrote ${bytes} bytes to ${name}.\n\nSession: ${id}` }],
        structuredContent: { session: id, path: name, bytes },
      };
    });
  },
});
