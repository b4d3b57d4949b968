import * as fs from "node:fs";
import { pipeline } from "node:stream/promises";
import { CodeBeakerError } from "../core/errors.ts";
import type { FileEntry } from "../core/files.ts";
import { type DirectoryHandle, identityOf } from "./directory_handle.ts";
import { makeDirectory, type Place } from "./workspace_place.ts";

const { O_CREAT, O_RDONLY, O_WRONLY } = fs.constants;

/** Deeper trees are refused: each level holds a descriptor and a frame of the stack. */
export const MAX_DEPTH = 128;

/** More entries than this are refused rather than listed. */
export const MAX_ENTRIES = 10_000;

/** The most that a `Date` holds (ECMAScript, time values). */
const MAX_TIME_MS = 8.64e15;

type Name = Pick<Place, "directory" | "name">;

/** What is copied, and where to. */
interface Transfer {
  readonly from: Name;
  readonly to: Name;
}

/**
 * Copies a file, or a directory with everything in it; symlinks are copied as symlinks.
 *
 * @param options.path what the source is called
 * @throws {CodeBeakerError} `too_large` for a tree that is too deep; `invalid_request` for what is no file
 * @throws the reason of `signal` when it is aborted between two of its files
 */
export async function copyTree(
  { from, to }: Transfer,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  const kind = fs.lstatSync(from.directory.child(from.name));
  if (kind.isSymbolicLink()) {
    fs.symlinkSync(fs.readlinkSync(from.directory.child(from.name)), to.directory.child(to.name));
    return;
  }
  if (!kind.isDirectory()) return await copyFile({ from, to }, path);
  refuseDepth(path);
  makeDirectory(to.directory.child(to.name));
  using source = from.directory.open(from.name);
  using destination = to.directory.open(to.name);
  for (const name of fs.readdirSync(source.self)) {
    const transfer = { from: { directory: source, name }, to: { directory: destination, name } };
    await copyTree(transfer, { path: `${path}/${name}`, signal });
  }
}

/**
 * What lies in a directory, `depth` levels deep.
 *
 * @throws {CodeBeakerError} `too_large` for a tree that is too deep or has too many entries
 */
export function listTree(
  directory: DirectoryHandle,
  { path, depth }: { readonly path: string; readonly depth: number },
): FileEntry[] {
  let left = MAX_ENTRIES;
  function list(directory: DirectoryHandle, below: { readonly path: string; readonly depth: number }): FileEntry[] {
    refuseDepth(below.path);
    return fs.readdirSync(directory.self).toSorted().map((name) => {
      if (--left < 0) throw tooLarge(below.path, `it holds more than ${MAX_ENTRIES} entries`);
      const path = below.path === "." ? name : `${below.path}/${name}`;
      const entry = toEntry(path, fs.lstatSync(directory.child(name)));
      if (entry.type !== "directory" || below.depth <= 1) return entry;
      using child = directory.open(name);
      return { ...entry, children: list(child, { path, depth: below.depth - 1 }) };
    });
  }
  return list(directory, { path, depth });
}

/** A file or directory as a listing shows it. */
export function toEntry(path: string, stats: fs.Stats): FileEntry {
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    path,
    type: typeOf(stats),
    size: stats.isFile() ? stats.size : 0,
    modifiedAt: toTime(stats.mtimeMs),
  };
}

/** A program can give a file a time that no calendar holds. */
export function toTime(ms: number): string {
  return new Date(Math.min(Math.max(ms, -MAX_TIME_MS), MAX_TIME_MS)).toISOString();
}

async function copyFile({ from, to }: Transfer, path: string): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const open = (place: Name, flags: number) =>
    opened.adopt(place.directory.openFile(place.name, { path, flags }), (fd) => fs.closeSync(fd));
  const source = open(from, O_RDONLY);
  const destination = open(to, O_WRONLY | O_CREAT);
  if (identityOf(fs.fstatSync(source)) === identityOf(fs.fstatSync(destination))) throw intoItself(path);
  fs.ftruncateSync(destination);
  await pipeline(
    fs.createReadStream("", { fd: source, autoClose: false }),
    fs.createWriteStream("", { fd: destination, autoClose: false }),
  );
}

/** A copy of something onto, or into, itself. */
export function intoItself(path: string): CodeBeakerError {
  return new CodeBeakerError("conflict", `Cannot copy ${JSON.stringify(path.slice(0, 200))} into itself`);
}

/** @throws {CodeBeakerError} `too_large` for a path that lies too deep */
export function refuseDepth(path: string): void {
  if (path.split("/").length > MAX_DEPTH) throw tooLarge(path, `it lies more than ${MAX_DEPTH} levels deep`);
}

/** A `too_large` about a tree. */
export function tooLarge(path: string, why: string): CodeBeakerError {
  return new CodeBeakerError("too_large", `Cannot take the tree at ${JSON.stringify(path.slice(0, 200))} as ${why}`);
}

function typeOf(stats: fs.Stats): FileEntry["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "symlink" : "other";
}
