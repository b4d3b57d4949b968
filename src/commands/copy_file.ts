import { parseWorkspacePath } from "../core/workspace_path.ts";
import { defineCommand } from "./command.ts";
import { transferAliases, transferSchema } from "./transfer.ts";

/** Copies a file, or a directory with everything in it. */
export const copyFile = defineCommand({
  type: "copy_file",
  aliases: [],
  fieldAliases: transferAliases,
  schema: transferSchema,
  async run(environment, fields) {
    const source = parseWorkspacePath(fields.source, "source");
    const destination = parseWorkspacePath(fields.destination, "destination");
    await environment.files.copy(source, destination, { overwrite: fields.overwrite });
    return { source, destination };
  },
});
