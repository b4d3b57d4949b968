import { z } from "zod";
import type { Answer } from "../core/answers/answer.ts";
import type { writeResultSchema } from "../core/answers/commands.ts";
import type { WriteMode } from "../core/files.ts";
import { decodeContent, encodingSchema } from "../core/requests/content.ts";
import { oneOf, strictObject } from "../core/parsing/validation.ts";
import { parseWorkspacePath } from "../core/workspace_path.ts";
import { defineFileCommand } from "./command.ts";

const MODES = {
  Create: "create",
  Overwrite: "create",
  Append: "append",
  CreateNew: "create_new",
} as const satisfies Record<string, WriteMode>;

const MODE_NAMES = ["Create", "Overwrite", "Append", "CreateNew"] as const;

/** Corrects the case of a mode. */
function toKnownCase(value: unknown): unknown {
  if (typeof value !== "string") return value;
  return MODE_NAMES.find((name) => name.toLowerCase() === value.toLowerCase()) ?? value;
}

/** Writes a file, and makes the directories above it. */
export const writeFile = defineFileCommand({
  type: "write_file",
  aliases: [],
  fieldAliases: {},
  schema: strictObject({
    path: z.string().min(1),
    content: z.string().describe("Text, or bytes in base64"),
    encoding: encodingSchema,
    mode: z.preprocess(toKnownCase, oneOf(MODE_NAMES)).default("Create").describe(
      "Create and Overwrite replace a file, CreateNew does not",
    ),
  }),
  async run(environment, { path, content, encoding, mode }): Promise<Answer<typeof writeResultSchema>> {
    const target = parseWorkspacePath(path);
    const bytes = decodeContent({ content, encoding }, "content");
    await environment.files.write(target, bytes, MODES[mode]);
    return { path: target, bytes: bytes.length };
  },
});
