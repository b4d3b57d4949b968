import { parseWorkspacePath } from "../core/workspace_path.ts";
import { defineCommand } from "./command.ts";
import { transferAliases, transferSchema } from "./transfer.ts";

/** Renames a file or a directory. */
export const moveFile = defineCommand({
  type: "move_file",
  aliases: [],
  fieldAliases: transferAliases,
  schema: transferSchema,
  async run(environment, fields) {
    const source = parseWorkspacePath(fields.source, "source");
    const destination = parseWorkspacePath(fields.destination, "destination");
    await environment.files.move(source, destination, { overwrite: fields.overwrite });
    return { source, destination };
  },
});
