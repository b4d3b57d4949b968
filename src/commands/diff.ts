import { FILE_HEADERS_ONLY, formatPatch, type StructuredPatch, structuredPatch } from "diff";
import { z } from "zod";
import { CodeBeakerError, invalidField } from "../core/errors.ts";
import { strictObject } from "../core/validation.ts";
import { parseWorkspacePath } from "../core/workspace_path.ts";
import type { WorkspaceFiles } from "../runtimes/runtime.ts";
import { defineFileCommand } from "./command.ts";
import { readText } from "./read_text.ts";

/** What is compared is bounded: the time grows with the square of the edits. */
const MAX_LINES = 200_000;
const MAX_EDITS = 4_000;

/**
 * For how long others are kept waiting; what takes longer gives them their turn after each edit, and takes longer by
 * that.
 */
const MAX_HOLD_MS = 100;
const TIMEOUT_MS = 20_000;

/** A longer answer is refused, as by `read_file`. */
const MAX_DIFF_LENGTH = 16_777_216;

/** One text, and what it is called when it has a path. */
interface Side {
  readonly path?: string;
  readonly text: string;
}

interface Sides {
  readonly original: Side;
  readonly modified: Side;
}

/** Compares two texts, each a file's or given, and tells the difference as a unified diff that `apply_patch` takes. */
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
    originalPath: z.string().min(1).optional(),
    originalContent: z.string().optional(),
    modifiedPath: z.string().min(1).optional(),
    modifiedContent: z.string().optional(),
    contextLines: z.int().min(0).default(3),
  }),
  async run({ files }, { originalPath, originalContent, modifiedPath, modifiedContent, contextLines }) {
    const sides = [
      { name: "original", path: originalPath, content: originalContent },
      { name: "modified", path: modifiedPath, content: modifiedContent },
    ] as const;
    for (const side of sides) checkSide(side);
    const [original, modified] = [await readSide(files, sides[0]), await readSide(files, sides[1])];
    if (original.text === modified.text) return { diff: "", addedLines: 0, removedLines: 0, identical: true };
    const patch = await compare({ original, modified }, contextLines);
    return { diff: format(patch), ...countLines(patch), identical: false };
  },
});

/** A side as its fields name it. */
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

/** A given text that is compared with a file is that file's other version, and has its name. */
async function compare(sides: Sides, contextLines: number): Promise<StructuredPatch> {
  for (const { text } of [sides.original, sides.modified]) checkLines(text);
  const common = { context: contextLines, maxEditLength: MAX_EDITS };
  const patch = structuredPatch(...named(sides), { ...common, timeout: MAX_HOLD_MS }) ??
    await new Promise<StructuredPatch | undefined>((callback) =>
      structuredPatch(...named(sides), { ...common, timeout: TIMEOUT_MS, callback })
    );
  if (patch === undefined) throw tooLarge(`the texts must differ in at most ${MAX_EDITS} lines`);
  return patch;
}

/** Names, texts and headers, in the order of `structuredPatch`. */
function named({ original, modified }: Sides) {
  return [
    original.path ?? modified.path ?? "original",
    modified.path ?? original.path ?? "modified",
    original.text,
    modified.text,
    undefined,
    undefined,
  ] as const;
}

function checkLines(text: string): void {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  if (lines > MAX_LINES) throw tooLarge(`a text must have at most ${MAX_LINES} lines: current value is ${lines}`);
}

function format(patch: StructuredPatch): string {
  const text = formatPatch(patch, FILE_HEADERS_ONLY);
  if (text.length > MAX_DIFF_LENGTH) throw tooLarge(`the diff must be at most ${MAX_DIFF_LENGTH} characters long`);
  return text;
}

function countLines({ hunks }: StructuredPatch): { readonly addedLines: number; readonly removedLines: number } {
  const count = (sign: string) =>
    hunks.reduce((sum, { lines }) => sum + lines.filter((line) => line.startsWith(sign)).length, 0);
  return { addedLines: count("+"), removedLines: count("-") };
}

function tooLarge(why: string): CodeBeakerError {
  return new CodeBeakerError("too_large", `Cannot compare these as ${why}`);
}
