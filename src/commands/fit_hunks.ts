import { applyPatch, type StructuredPatch, type StructuredPatchHunk } from "diff";
import { CodeBeakerError } from "../core/errors.ts";

/** What all hunks of a patch together may compare, in lines and characters of lines as long as each other. */
const MAX_COMPARED = 20_000_000;

/** What became of a file's hunks: the new text, or the first hunk that fits nowhere (from 1). */
export type Fit = { readonly text: string } | { readonly failed: number };

/** Fits hunks to texts, with no fuzz; what it has compared counts over all its texts, as nothing else is answered meanwhile. */
export class HunkFitter {
  #compared = 0;

  /** @throws {CodeBeakerError} `too_large` when the hunks are looked for in too many places */
  fit(text: string, hunks: readonly StructuredPatchHunk[]): Fit {
    const lines = text.split("\n");
    const bounded = hunks.map((hunk) => ({ ...hunk, oldStart: Math.min(hunk.oldStart, lines.length + 1) }));
    const patched = this.#apply(text, { lines, hunks: bounded });
    return patched === undefined ? { failed: this.#firstFailing(text, { lines, hunks: bounded }) } : { text: patched };
  }

  #apply(
    text: string,
    { lines, hunks }: { readonly lines: readonly string[]; readonly hunks: StructuredPatchHunk[] },
  ): string | undefined {
    if (hunks.some(({ oldLines }) => oldLines === 0) && !hunks.every((hunk) => standsAt(lines, hunk))) return undefined;
    const patch: StructuredPatch = {
      oldFileName: "",
      newFileName: "",
      oldHeader: undefined,
      newHeader: undefined,
      hunks,
    };
    const patched = applyPatch(text, patch, {
      compareLine: (_number, line, _operation, content) => this.#isSame(line, content),
    });
    return patched === false ? undefined : patched;
  }

  /** Hunks are applied in order, so the first that fails is found by halving. */
  #firstFailing(
    text: string,
    { lines, hunks }: { readonly lines: readonly string[]; readonly hunks: StructuredPatchHunk[] },
  ): number {
    let [fits, fails] = [0, hunks.length];
    while (fails - fits > 1) {
      const middle = (fits + fails) >> 1;
      if (this.#apply(text, { lines, hunks: hunks.slice(0, middle) }) === undefined) fails = middle;
      else fits = middle;
    }
    return fails;
  }

  #isSame(line: string | undefined, content: string): boolean {
    this.#compared += 1 + (line?.length === content.length ? content.length : 0);
    if (this.#compared > MAX_COMPARED) {
      throw new CodeBeakerError(
        "too_large",
        "Cannot apply the patch as its hunks are to be looked for in too many places",
      );
    }
    return line === content;
  }
}

/** A hunk without a line of the file says by its number alone where it belongs: then no hunk may have moved. */
function standsAt(lines: readonly string[], { oldStart, oldLines, lines: hunkLines }: StructuredPatchHunk): boolean {
  if (oldStart + Math.max(oldLines, 1) > lines.length + 1) return false;
  const old = hunkLines.filter((line) => line === "" || line.startsWith(" ") || line.startsWith("-"));
  return old.every((line, index) => withoutEnd(lines[oldStart - 1 + index]) === withoutEnd(line.slice(1)));
}

function withoutEnd(line: string | undefined): string | undefined {
  return line?.endsWith("\r") ? line.slice(0, -1) : line;
}
