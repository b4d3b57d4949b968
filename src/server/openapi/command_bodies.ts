import { z } from "zod";
import { COMMANDS } from "../../commands/mod.ts";
import type { COMMAND_RESULTS } from "../../core/answers/commands.ts";
import { atLeastOne } from "./at_least_one.ts";

/** The descriptions of all commands, by their types. */
const DESCRIPTIONS: Readonly<Record<keyof typeof COMMAND_RESULTS, string>> = {
  execute_code: "Writes code to the language's main file and runs it",
  execute_shell: "Runs a line for `sh -c` or, with `args` (even empty), an argument vector",
  write_file: "Writes a file, and makes the directories above it",
  read_file: "Reads a file or, by `offset` and `length`, a part of it",
  create_directory: "Makes a directory",
  copy_file: "Copies a file, or a directory with everything in it",
  move_file: "Renames a file or a directory",
  delete_file: "Deletes a file or an empty directory; with `recursive`, also one with everything in it",
  list_directory: "Lists the tree below a directory",
  install_packages: "Installs packages for the programs of the session",
  diff: "Compares two files or given texts; gives a unified diff",
  apply_patch: "Applies a unified diff; each file changes wholly or not at all",
};

/** The body of a request for a command. */
export const commandSchema = z.discriminatedUnion("type", atLeastOne(COMMANDS.map(toMember))).meta({
  id: "Command",
  description: "One command, by its type",
});

function toMember({ aliases, fieldAliases, schema, type }: typeof COMMANDS[number]): z.ZodObject {
  if (!(schema instanceof z.ZodObject)) throw new Error(`The fields of ${type} are no object`);
  const old = Object.entries(fieldAliases).map(([alias, name]) => `\`${alias}\` means \`${name}\``);
  const described = Object.entries(DESCRIPTIONS).find(([known]) => known === type)?.[1];
  return schema.extend({
    type: z.enum([type, ...aliases]),
    id: z.string().max(256).optional().describe("Comes back in the answer"),
  }).meta({
    id: `${type.split("_").map((word) => word[0]?.toUpperCase() + word.slice(1)).join("")}Command`,
    description: [described, ...old].join(". "),
  });
}
