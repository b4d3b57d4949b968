import { FILE_HEADERS_ONLY, formatPatch, type StructuredPatch, structuredPatch } from "diff";

/** Bounds of a comparison, whose time grows with the square of the edits. */
const MAX_LINES = 200_000;
const MAX_EDITS = 4_000;

/** Longest diff in characters, as long as a file for `read_file`. */
const MAX_DIFF_LENGTH = 16_777_216;

/** One text, and its path when the text is a file's. */
export interface Side {
  readonly path?: string;
  readonly text: string;
}

/** The two texts to compare. */
export interface Sides {
  readonly original: Side;
  readonly modified: Side;
  readonly contextLines: number;
}

/** A comparison with a time limit. */
export interface ComparisonTask extends Sides {
  readonly timeoutMs: number;
}

/** The difference of two texts, or why they are not compared. */
export type Comparison =
  | { readonly diff: string; readonly addedLines: number; readonly removedLines: number }
  | { readonly refused: string; readonly isLate: boolean };

/** Compares two texts; blocks its thread meanwhile. */
export function compareTexts({ timeoutMs, ...sides }: ComparisonTask): Comparison {
  for (const { text } of [sides.original, sides.modified]) {
    const lines = countLineFeeds(text);
    if (lines > MAX_LINES) return refused(`a text must have at most ${MAX_LINES} lines: current value is ${lines}`);
  }
  const options = { context: sides.contextLines, maxEditLength: MAX_EDITS, timeout: timeoutMs };
  const patch = structuredPatch(...patchArguments(sides), options);
  if (patch === undefined) return { ...refused(`the texts must differ in at most ${MAX_EDITS} lines`), isLate: true };
  const diff = formatPatch(patch, FILE_HEADERS_ONLY);
  if (diff.length > MAX_DIFF_LENGTH) return refused(`the diff must be at most ${MAX_DIFF_LENGTH} characters long`);
  return { diff, ...countChanges(patch) };
}

/**
 * Names, texts and headers in the order of `structuredPatch`. A given text that is compared with a file takes that
 * file's name.
 */
function patchArguments({ original, modified }: Sides) {
  return [
    original.path ?? modified.path ?? "original",
    modified.path ?? original.path ?? "modified",
    original.text,
    modified.text,
    undefined,
    undefined,
  ] as const;
}

function countLineFeeds(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

function countChanges({ hunks }: StructuredPatch): { readonly addedLines: number; readonly removedLines: number } {
  const count = (sign: string) =>
    hunks.reduce((sum, { lines }) => sum + lines.filter((line) => line.startsWith(sign)).length, 0);
  return { addedLines: count("+"), removedLines: count("-") };
}

function refused(why: string) {
  return { refused: why, isLate: false };
}
