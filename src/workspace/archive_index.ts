import { invalidField } from "../core/errors.ts";
import { directoriesAbove, outside, parseWorkspacePath, WORKSPACE_ROOT } from "../core/workspace_path.ts";
import { MAX_ENTRIES, refuseDepth } from "./file_tree.ts";
import type { ByteRange } from "./read_range.ts";
import { notTaken, tooLarge } from "./tar_gate.ts";

/** What stands for bytes that are no UTF-8. */
const REPLACEMENT = "\ufffd";
/** Linux's longest target of a symlink, in bytes. */
const MAX_TARGET_BYTES = 4_095;

/** An entry of an archive as it was read. */
export type IndexedEntry =
  & { readonly path: string; readonly mode: number; readonly modifiedMs: number }
  & (
    | { readonly type: "directory" }
    | { readonly type: "symlink"; readonly target: string }
    /** Where its content is kept. */
    | { readonly type: "file"; readonly range: ByteRange }
  );

/**
 * What an archive would make of an empty workspace. Every path that leads through something leads through a directory,
 * so what a link points to is what its text says. Of entries with the same path the last one stands.
 */
export class ArchiveIndex {
  readonly #entries = new Map<string, IndexedEntry>();
  /** Those that are named, and those on the way to something. */
  readonly #directories = new Set<string>();

  /** @throws {CodeBeakerError} `permission_denied` for a link that leads out; `too_large`; `invalid_request` */
  add(entry: IndexedEntry): void {
    const { path, type } = entry;
    if (path === ".") {
      if (type !== "directory") throw notTaken("the workspace itself must be a directory");
      return;
    }
    refuseDepth(path);
    if (type === "symlink") refuseTarget(path, entry.target);
    for (const above of directoriesAbove(path)) {
      if (this.#directories.has(above)) break; // So are those above it.
      if (this.#entries.has(above)) throw inTheWay(path, above);
      this.#directories.add(above);
    }
    if (this.#directories.size > MAX_ENTRIES) throw tooLarge(`it makes more than ${MAX_ENTRIES} directories`);
    if (type === "directory" ? this.#isTaken(path) : this.#directories.has(path)) throw inTheWay(path, path);
    if (type === "directory") this.#directories.add(path);
    this.#entries.delete(path);
    this.#entries.set(path, entry);
  }

  /**
   * Where the content of a file is that has been added.
   *
   * @throws {CodeBeakerError} `invalid_request` when there is none
   */
  rangeOf(path: string): ByteRange {
    const entry = this.#entries.get(path);
    if (entry?.type === "file") return entry.range;
    throw notTaken(`a hard link must name a file that stands before it: current value is ${shown(path)}`);
  }

  values(): Iterable<IndexedEntry> {
    return this.#entries.values();
  }

  /** Whether something other than a directory has a path. */
  #isTaken(path: string): boolean {
    return this.#entries.has(path) && !this.#directories.has(path);
  }
}

/**
 * The path of an entry.
 *
 * @throws {CodeBeakerError} `permission_denied` for one that leaves the workspace; `invalid_request`
 */
export function parseEntryPath(name: string): string {
  if (name.includes(REPLACEMENT)) throw invalidField("archive", `A path is UTF-8: current value is ${shown(name)}`);
  return parseWorkspacePath(name, "archive");
}

/**
 * A link's text tells where it leads only where ".." stands at its beginning: behind a name, the name may be a link
 * too.
 */
function refuseTarget(path: string, target: string): void {
  const link = `${path} -> ${target}`;
  if (target === "" || target.includes("\0") || target.includes(REPLACEMENT)) {
    throw notTaken(`the target of a link must be a path: current value is ${shown(link)}`);
  }
  if (new TextEncoder().encode(target).length > MAX_TARGET_BYTES) {
    throw notTaken(
      `the target of a link must be at most ${MAX_TARGET_BYTES} bytes long: current value is ${shown(link)}`,
    );
  }
  const isAbsolute = target.startsWith("/");
  if (isAbsolute && target !== WORKSPACE_ROOT && !target.startsWith(`${WORKSPACE_ROOT}/`)) throw leadsOut(link);
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const up = parts.findIndex((part) => part !== "..");
  const steps = up === -1 ? parts.length : up;
  if (isAbsolute ? steps > 0 : steps > path.split("/").length - 1) throw leadsOut(link);
  if (parts.slice(steps).includes("..")) {
    throw outside(link, { why: 'a link in it has ".." behind a name', field: "archive" });
  }
}

function leadsOut(link: string): Error {
  return outside(link, { why: "a link in it leads out", field: "archive" });
}

function inTheWay(path: string, obstacle: string): Error {
  return notTaken(`${shown(path)} meets ${shown(obstacle)}, which must be a directory in all of it or in nothing`);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
