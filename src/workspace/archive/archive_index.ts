import { invalidField } from "../../core/errors.ts";
import { directoriesAbove, outside, parseWorkspacePath, WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import { checkDepth, MAX_ENTRIES } from "../file_tree.ts";
import type { ByteRange } from "../read_range.ts";
import { archiveTooLarge, invalidArchive } from "./tar_gate.ts";

/** The character that replaces bytes that are not UTF-8. */
const REPLACEMENT = "\ufffd";
/** Longest target of a symlink on Linux, in bytes. */
const MAX_TARGET_BYTES = 4_095;

/** An entry of an archive. */
export type IndexedEntry =
  & { readonly path: string; readonly mode: number; readonly modifiedMs: number }
  & (
    | { readonly type: "directory" }
    | { readonly type: "symlink"; readonly target: string }
    /** `range` is the file's content in the spool. */
    | { readonly type: "file"; readonly range: ByteRange }
  );

/**
 * The tree that an archive unpacks to in an empty workspace. Every part of a path but the last is a directory, so the
 * text of a link shows where it leads. Of several entries with one path, the last counts.
 */
export class ArchiveIndex {
  readonly #entries = new Map<string, IndexedEntry>();
  /** Named directories, and those above other entries. */
  readonly #directories = new Set<string>();

  /** @throws {CodeBeakerError} `permission_denied` for a link that leads out; `too_large`; `invalid_request` */
  add(entry: IndexedEntry): void {
    const { path, type } = entry;
    if (path === ".") {
      if (type !== "directory") throw invalidArchive("the workspace itself must be a directory");
      return;
    }
    checkDepth(path);
    if (type === "symlink") checkLinkTarget(path, entry.target);
    for (const above of directoriesAbove(path)) {
      if (this.#directories.has(above)) break; // The directories above it are known too.
      if (this.#entries.has(above)) throw pathConflict(path, above);
      this.#directories.add(above);
    }
    if (this.#directories.size > MAX_ENTRIES) throw archiveTooLarge(`it makes more than ${MAX_ENTRIES} directories`);
    if (type === "directory" ? this.#isTaken(path) : this.#directories.has(path)) throw pathConflict(path, path);
    if (type === "directory") this.#directories.add(path);
    this.#entries.delete(path);
    this.#entries.set(path, entry);
  }

  /**
   * Finds the content of an earlier file.
   *
   * @throws {CodeBeakerError} `invalid_request` when there is none
   */
  rangeOf(path: string): ByteRange {
    const entry = this.#entries.get(path);
    if (entry?.type === "file") return entry.range;
    throw invalidArchive(`a hard link must name a file before it in the archive: current value is ${shown(path)}`);
  }

  values(): Iterable<IndexedEntry> {
    return this.#entries.values();
  }

  /** Whether an entry other than a directory has this path. */
  #isTaken(path: string): boolean {
    return this.#entries.has(path) && !this.#directories.has(path);
  }
}

/**
 * Parses the path of an entry.
 *
 * @throws {CodeBeakerError} `permission_denied` for a path that leaves the workspace; `invalid_request`
 */
export function parseEntryPath(name: string): string {
  if (name.includes(REPLACEMENT)) throw invalidField("archive", `A path is UTF-8: current value is ${shown(name)}`);
  return parseWorkspacePath(name, "archive");
}

/** Checks a link's target, in which ".." may only precede names. A name before ".." could be a link itself. */
function checkLinkTarget(path: string, target: string): void {
  const link = `${path} -> ${target}`;
  if (target === "" || target.includes("\0") || target.includes(REPLACEMENT)) {
    throw invalidArchive(`the target of a link must be a path: current value is ${shown(link)}`);
  }
  if (new TextEncoder().encode(target).length > MAX_TARGET_BYTES) {
    throw invalidArchive(
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
    throw outside(link, { why: 'a link in it has ".." after a name', field: "archive" });
  }
}

function leadsOut(link: string): Error {
  return outside(link, { why: "a link in it leads out", field: "archive" });
}

function pathConflict(path: string, obstacle: string): Error {
  return invalidArchive(
    `${shown(path)} conflicts with ${shown(obstacle)}, which is both a directory and something else`,
  );
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
