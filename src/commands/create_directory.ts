import { z } from "zod";
import type { Answer } from "../core/answers/answer.ts";
import type { pathResultSchema } from "../core/answers/commands.ts";
import { strictObject } from "../core/parsing/validation.ts";
import { parseWorkspacePath } from "../core/workspace_path.ts";
import { defineFileCommand } from "./command.ts";

/** Makes a directory. With `recursive` it also makes those above it, and an existing directory is no error. */
export const createDirectory = defineFileCommand({
  type: "create_directory",
  aliases: ["create_dir"],
  fieldAliases: {},
  schema: strictObject({
    path: z.string().min(1),
    recursive: z.boolean().default(true).describe("Makes those above it too"),
  }),
  async run(environment, { path, recursive }): Promise<Answer<typeof pathResultSchema>> {
    const target = parseWorkspacePath(path);
    await environment.files.createDirectory(target, { recursive });
    return { path: target };
  },
});
