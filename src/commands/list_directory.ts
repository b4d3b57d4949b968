import { z } from "zod";
import type { Answer } from "../core/answers/answer.ts";
import type { treeSchema } from "../core/answers/files.ts";
import type { FileEntry } from "../core/files.ts";
import { compileGlob } from "../core/glob.ts";
import { strictObject } from "../core/parsing/validation.ts";
import { parseWorkspacePath } from "../core/workspace_path.ts";
import { defineFileCommand } from "./command.ts";

/** Lists the tree below a directory. A pattern matches names or, with a slash in it, paths below that directory. */
export const listDirectory = defineFileCommand({
  type: "list_directory",
  aliases: ["list_files"],
  fieldAliases: { include_hidden: "includeHidden", max_depth: "maxDepth" },
  schema: strictObject({
    path: z.string().default("."),
    recursive: z.boolean().default(true).describe("Lists directories in it too"),
    pattern: z.string().min(1).max(256).optional().describe("A glob of names or, with a slash in it, of paths"),
    includeHidden: z.boolean().default(false).describe("Lists names that begin with a dot"),
    maxDepth: z.int().min(0).default(0).describe("Levels; 0 means all"),
  }),
  async run(environment, { path, recursive, pattern, includeHidden, maxDepth }): Promise<Answer<typeof treeSchema>> {
    const target = parseWorkspacePath(path);
    const tree = await environment.files.list(target, { maxDepth: recursive ? maxDepth : 1 });
    const prefix = target === "." ? 0 : target.length + 1;
    return { tree: prune(tree, { includeHidden, matches: matcher(pattern, prefix) }) };
  },
});

interface Filter {
  readonly includeHidden: boolean;
  matches(entry: FileEntry): boolean;
}

/** Keeps the entries that match, and the directories that lead to them. */
function prune(directory: FileEntry, filter: Filter): FileEntry {
  const children = (directory.children ?? [])
    .filter((entry) => filter.includeHidden || !entry.name.startsWith("."))
    .map((entry) => entry.children === undefined ? entry : prune(entry, filter))
    .filter((entry) => filter.matches(entry) || (entry.children?.length ?? 0) > 0);
  return { ...directory, children };
}

function matcher(pattern: string | undefined, prefix: number): Filter["matches"] {
  if (pattern === undefined) return () => true;
  const isPath = pattern.includes("/");
  const matches = compileGlob(pattern);
  return (entry) => matches(isPath ? entry.path.slice(prefix) : entry.name);
}
