import { z } from "zod";
import type { Answer } from "../core/answers/answer.ts";
import type { pathResultSchema } from "../core/answers/commands.ts";
import { strictObject } from "../core/parsing/validation.ts";
import { parseWorkspacePath } from "../core/workspace_path.ts";
import { defineFileCommand } from "./command.ts";

/** Deletes a file or an empty directory. With `recursive` it deletes a directory with everything in it. */
export const deleteFile = defineFileCommand({
  type: "delete_file",
  aliases: [],
  fieldAliases: {},
  schema: strictObject({
    path: z.string().min(1),
    recursive: z.boolean().default(false).describe("Deletes what is in a directory"),
  }),
  async run(environment, { path, recursive }): Promise<Answer<typeof pathResultSchema>> {
    const target = parseWorkspacePath(path);
    await environment.files.delete(target, { recursive });
    return { path: target };
  },
});
