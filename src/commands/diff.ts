import { z } from "zod";
import type { Answer } from "../core/answers/answer.ts";
import type { diffResultSchema } from "../core/answers/commands.ts";
import { invalidField } from "../core/errors.ts";
import { strictObject } from "../core/parsing/validation.ts";
import { parseWorkspacePath } from "../core/workspace_path.ts";
import type { WorkspaceFiles } from "../runtimes/port.ts";
import { defineFileCommand } from "./command.ts";
import type { Side } from "./texts/compare_texts.ts";
import { readText } from "./texts/read_text.ts";
import { TextWorkerPool } from "./texts/text_worker_pool.ts";

/** Compares two files or given texts; returns a unified diff that `apply_patch` takes. */
export const diff = defineFileCommand({
  type: "diff",
  aliases: [],
  fieldAliases: {
    original_path: "originalPath",
    original_content: "originalContent",
    modified_path: "modifiedPath",
    modified_content: "modifiedContent",
    context_lines: "contextLines",
  },
  schema: strictObject({
    originalPath: z.string().min(1).optional().describe("A file, instead of originalContent"),
    originalContent: z.string().optional(),
    modifiedPath: z.string().min(1).optional().describe("A file, instead of modifiedContent"),
    modifiedContent: z.string().optional(),
    contextLines: z.int().min(0).default(3).describe("Unchanged lines around each change"),
  }),
  async run(
    { id, files },
    { originalPath, originalContent, modifiedPath, modifiedContent, contextLines },
    { signal, texts },
  ): Promise<Answer<typeof diffResultSchema>> {
    const sides = [
      { name: "original", path: originalPath, content: originalContent },
      { name: "modified", path: modifiedPath, content: modifiedContent },
    ] as const;
    for (const side of sides) checkSide(side);
    using worker = await (texts ?? new TextWorkerPool()).acquire({ owner: id, signal });
    const [original, modified] = [await readSide(files, sides[0]), await readSide(files, sides[1])];
    if (original.text === modified.text) return { diff: "", addedLines: 0, removedLines: 0, identical: true };
    return { ...await worker.compare({ original, modified, contextLines }), identical: false };
  },
});

/** The fields of one side. */
interface SideFields {
  readonly name: "original" | "modified";
  readonly path: string | undefined;
  readonly content: string | undefined;
}

function checkSide({ name, path, content }: SideFields): void {
  if ((path === undefined) !== (content === undefined)) return;
  throw invalidField(`${name}Path`, `Name exactly one of "${name}Path" and "${name}Content"`);
}

async function readSide(files: WorkspaceFiles, { name, path, content }: SideFields): Promise<Side> {
  if (path === undefined) return { text: content ?? "" };
  const target = parseWorkspacePath(path, `${name}Path`);
  return { path: target, text: await readText(files, target) };
}
