import { z } from "zod";
import type { Answer } from "../core/answers/answer.ts";
import type { transferResultSchema } from "../core/answers/commands.ts";
import { strictObject } from "../core/parsing/validation.ts";
import { parseWorkspacePath } from "../core/workspace_path.ts";
import type { WorkspaceFiles } from "../runtimes/port.ts";
import { defineFileCommand, type FileCommand } from "./command.ts";

const transferSchema = strictObject({
  source: z.string().min(1),
  destination: z.string().min(1),
  overwrite: z.boolean().default(true).describe("Replaces what is at the destination"),
});

/** Defines a command that copies or moves a file or directory. */
export function defineTransfer(type: string, operation: "copy" | "move"): FileCommand<typeof transferSchema> {
  return defineFileCommand({
    type,
    aliases: [],
    fieldAliases: {
      sourcePath: "source",
      source_path: "source",
      destinationPath: "destination",
      destination_path: "destination",
    },
    schema: transferSchema,
    async run({ files }: { readonly files: WorkspaceFiles }, fields): Promise<Answer<typeof transferResultSchema>> {
      const source = parseWorkspacePath(fields.source, "source");
      const destination = parseWorkspacePath(fields.destination, "destination");
      await files[operation](source, destination, { overwrite: fields.overwrite });
      return { source, destination };
    },
  });
}
