import { applyPatch, type StructuredPatch, type StructuredPatchHunk } from "diff";

/** Hunks to fit to a text, without fuzz. */
export interface FitTask {
  readonly text: string;
  readonly hunks: readonly StructuredPatchHunk[];
  /** Most work of all comparisons together. It counts lines, and characters of lines of equal length. */
  readonly maxCompared: number;
}

/**
 * The result of fitting hunks. It is the new text, the number (from 1) of the first hunk that does not apply, or that
 * the comparison exceeded its bound.
 */
export type Fit =
  | { readonly compared: number; readonly text: string }
  | { readonly compared: number; readonly failed: number }
  | { readonly compared: number; readonly isTooMuch: true };

/** Fits hunks to a text; blocks its thread meanwhile. */
export function fitHunks({ text, hunks, maxCompared }: FitTask): Fit {
  const fitter = new HunkFitter(text, maxCompared);
  try {
    return { ...fitter.fit(hunks), compared: fitter.compared };
  } catch (error) {
    if (error !== TOO_MUCH) throw error;
    return { isTooMuch: true, compared: fitter.compared };
  }
}

const TOO_MUCH = new Error("Too much was compared");

/** Fits hunks to one text, and counts how much it compares. */
class HunkFitter {
  compared = 0;
  readonly #text: string;
  readonly #lines: readonly string[];
  readonly #maxCompared: number;

  constructor(text: string, maxCompared: number) {
    this.#text = text;
    this.#lines = text.split("\n");
    this.#maxCompared = maxCompared;
  }

  fit(hunks: readonly StructuredPatchHunk[]): { readonly text: string } | { readonly failed: number } {
    const bounded = hunks.map((hunk) => ({ ...hunk, oldStart: Math.min(hunk.oldStart, this.#lines.length + 1) }));
    const patched = this.#apply(bounded);
    return patched === undefined ? { failed: this.#firstFailing(bounded) } : { text: patched };
  }

  #apply(hunks: StructuredPatchHunk[]): string | undefined {
    if (hunks.some(({ oldLines }) => oldLines === 0) && !hunks.every((hunk) => matchesAtItsLine(this.#lines, hunk))) {
      return undefined;
    }
    const patch: StructuredPatch = {
      oldFileName: "",
      newFileName: "",
      oldHeader: undefined,
      newHeader: undefined,
      hunks,
    };
    const patched = applyPatch(this.#text, patch, {
      compareLine: (_number, line, _operation, content) => this.#isSame(line, content),
    });
    return patched === false ? undefined : patched;
  }

  /** Finds the first hunk that does not apply, by bisection, since hunks apply in order. */
  #firstFailing(hunks: StructuredPatchHunk[]): number {
    let [fits, fails] = [0, hunks.length];
    while (fails - fits > 1) {
      const middle = (fits + fails) >> 1;
      if (this.#apply(hunks.slice(0, middle)) === undefined) fails = middle;
      else fits = middle;
    }
    return fails;
  }

  #isSame(line: string | undefined, content: string): boolean {
    this.compared += 1 + (line?.length === content.length ? content.length : 0);
    if (this.compared > this.#maxCompared) throw TOO_MUCH;
    return line === content;
  }
}

/**
 * Whether a hunk applies at its own line. Hunks without old lines must, since only the line number gives their place.
 */
function matchesAtItsLine(
  lines: readonly string[],
  { oldStart, oldLines, lines: hunkLines }: StructuredPatchHunk,
): boolean {
  if (oldStart + Math.max(oldLines, 1) > lines.length + 1) return false;
  const old = hunkLines.filter((line) => line === "" || line.startsWith(" ") || line.startsWith("-"));
  return old.every((line, index) => withoutEnd(lines[oldStart - 1 + index]) === withoutEnd(line.slice(1)));
}

function withoutEnd(line: string | undefined): string | undefined {
  return line?.endsWith("\r") ? line.slice(0, -1) : line;
}
