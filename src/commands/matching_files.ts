import type { VisitedEntry } from "../core/files.ts";
import { compileGlob } from "../core/glob.ts";
import { MAX_OUTPUT_FILES } from "../core/answers/vocabulary.ts";

/** Most matches that are kept: files to return, and as many to name. */
const MAX_KEPT = 2 * MAX_OUTPUT_FILES;
/** Matches that are collected before all but {@link MAX_KEPT} are dropped. */
const MAX_COLLECTED = 1_024;

/** A wildcard in a part of a glob. */
const WILDCARD = /[*?]/;

/** The place of the files that globs can match. */
export interface Scope {
  /** A directory of the workspace. */
  readonly path: string;
  /** How many levels below the directory the files lie; 0 is no bound. */
  readonly maxDepth: number;
}

/** A file, or a symlink, whose path matches. */
export interface MatchingFile extends VisitedEntry {
  /** The index of the first glob that matches. */
  readonly glob: number;
}

/** Finds the deepest directory that holds every file which one of the globs can match. */
export function scopeOf(globs: readonly string[]): Scope {
  const all = globs.map((glob) => glob.split("/"));
  const [first = [], ...others] = all.map(fixedDirectories);
  const differs = first.findIndex((name, index) => others.some((names) => names[index] !== name));
  const common = differs < 0 ? first : first.slice(0, differs);
  const isUnbounded = all.some((parts) => parts.includes("**"));
  return {
    path: common.length === 0 ? "." : common.join("/"),
    maxDepth: isUnbounded ? 0 : Math.max(...all.map(({ length }) => length)) - common.length,
  };
}

/**
 * The files that match globs: the first ones, and the count of all. A bounded number is kept, in the order of globs and
 * paths.
 */
export class MatchingFiles {
  readonly #globs: readonly ReturnType<typeof compileGlob>[];
  #found: MatchingFile[] = [];
  #count = 0;

  constructor(globs: readonly string[]) {
    this.#globs = globs.map(compileGlob);
  }

  get count(): number {
    return this.#count;
  }

  get first(): readonly MatchingFile[] {
    return this.#found.toSorted(compare).slice(0, MAX_KEPT);
  }

  /** Adds an entry of the workspace, if it matches. */
  add(entry: VisitedEntry): void {
    const { path, type } = entry;
    if (type !== "file" && type !== "symlink") return;
    const glob = this.#globs.findIndex((matches) => matches(path));
    if (glob < 0) return;
    this.#count++;
    this.#found.push({ ...entry, glob });
    if (this.#found.length >= MAX_COLLECTED) this.#found = [...this.first];
  }
}

/** The directories above the first wildcard of a glob. */
function fixedDirectories(parts: readonly string[]): string[] {
  const wildcard = parts.findIndex((part) => WILDCARD.test(part));
  return parts.slice(0, wildcard < 0 ? parts.length - 1 : Math.min(wildcard, parts.length - 1));
}

function compare(one: MatchingFile, other: MatchingFile): number {
  if (one.glob !== other.glob) return one.glob - other.glob;
  return one.path < other.path ? -1 : 1;
}
