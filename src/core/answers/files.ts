import { z } from "zod";
import type { Answer } from "./answer.ts";
import { countSchema, timeSchema } from "./fields.ts";

const fileEntryBase = z.strictObject({
  name: z.string(),
  path: z.string().describe("Relative to the workspace, which itself is ."),
  type: z.enum(["file", "directory", "symlink", "other"]),
  size: countSchema.describe("In bytes; 0 unless it is a file"),
  modifiedAt: timeSchema,
});

/** A file or directory as a listing shows it. */
export interface FileEntry extends Answer<typeof fileEntryBase> {
  /** Present for a directory whose content was requested. */
  readonly children?: readonly FileEntry[];
}

/** The schema of {@link FileEntry}. */
export const fileEntrySchema: z.ZodType<FileEntry> = fileEntryBase.extend({
  get children() {
    return z.array(fileEntrySchema).exactOptional().describe("Present for a directory whose content was requested");
  },
}).meta({ id: "FileEntry", description: "A file or directory" });

/** The tree of `list_directory`, and of a session's files. */
export const treeSchema = z.strictObject({ tree: fileEntrySchema }).meta({
  id: "FileTree",
  description: "A directory, with the files and directories in it",
});
