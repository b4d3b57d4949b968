import { z } from "zod";
import { listDirectory as list } from "../../../commands/mod.ts";
import type { FileEntry } from "../../../core/files.ts";
import { strictObject } from "../../../core/parsing/validation.ts";
import { inSession, sessionId } from "./session_fields.ts";
import { defineTool, submitOptions } from "./tool.ts";

/** Most files of an answer: a model reads them. */
const MAX_LISTED = 1_000;

const { includeHidden, path, pattern } = list.schema.shape;

const fileSchema = z.object({ path: z.string(), type: z.string(), size: z.int() });

/** Lists the files of a session. */
export const listFiles = defineTool({
  name: "list_files",
  title: "List files",
  description: "Lists the files of a session, with their sizes in bytes.",
  annotations: { readOnlyHint: true, openWorldHint: false },
  schema: strictObject({
    session: sessionId,
    path: path.describe("The directory to list, with everything below it"),
    pattern: pattern.describe("A glob: of names, or with a slash of paths"),
    includeHidden: includeHidden.describe("Whether to list names that begin with a dot"),
  }),
  output: z.object({
    session: z.string(),
    files: z.array(fileSchema),
    omitted: z.int().describe(`How many are left out, as ${MAX_LISTED} are listed at most`),
  }),
  async run({ includeHidden, path, pattern, session }, call) {
    return await inSession({ session }, call, async ({ id }) => {
      const command = { type: "list_directory", path, includeHidden, ...(pattern === undefined ? {} : { pattern }) };
      const { result } = await call.sessions.command(call.caller, id, command, submitOptions(call));
      const all = flatten((result as { readonly tree: FileEntry }).tree); // As the command answers.
      const files = all.slice(0, MAX_LISTED).map(({ path, type, size }) => ({ path, type, size }));
      const omitted = all.length - files.length;
      const lines = files.map(({ path, size, type }) => type === "directory" ? `${path}/` : `${path} (${size} bytes)`);
      if (omitted > 0) lines.push(`${omitted} more are left out: name a path or a pattern.`);
      return {
        content: [{ type: "text", text: lines.length === 0 ? "No files." : lines.join("\n") }],
        structuredContent: { session: id, files, omitted },
      };
    });
  },
});

/** Every entry below a directory, each directory before what is in it. */
function flatten({ children = [] }: FileEntry): FileEntry[] {
  return children.flatMap((entry) => [entry, ...flatten(entry)]);
}
