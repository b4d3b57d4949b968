import * as fs from "node:fs";
import { CodeBeakerError } from "../core/errors.ts";
import type { FileEntry } from "../core/files.ts";
import { isTooDeep, MAX_DEPTH } from "../core/workspace_path.ts";
import { type DirectoryHandle, identityOf } from "./directory_handle.ts";
import type { DiskRoom } from "./disk_room.ts";
import { readAt } from "./read_range.ts";
import { makeDirectory, type Place } from "./workspace_place.ts";

const { O_CREAT, O_RDONLY, O_WRONLY } = fs.constants;

/** More entries than this are refused rather than listed. */
export const MAX_ENTRIES = 10_000;

/** How much of a file is in memory while it is copied. */
const COPY_BYTES = 65_536;

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
 * @param options.room what may be written
 * @throws {CodeBeakerError} `too_large` for a tree that is too deep, or does not fit; `invalid_request` for what is no
 *   file
 * @throws the reason of `signal` when it is aborted between two of its files
 */
export async function copyTree(
  { from, to }: Transfer,
  { path, signal, room }: {
    readonly path: string;
    readonly signal: AbortSignal;
    readonly room?: DiskRoom | undefined;
  },
): Promise<void> {
  signal.throwIfAborted();
  const kind = fs.lstatSync(from.directory.child(from.name));
  if (kind.isSymbolicLink()) {
    to.directory.makeSymlink(fs.readlinkSync(from.directory.child(from.name)), to.name);
    return;
  }
  const isDirectory = kind.isDirectory();
  if (isDirectory) refuseDepth(path);
  const copy = () => isDirectory ? makeDirectory(to.directory, to.name) : copyFile({ from, to }, path);
  await (room?.write(kind.size, copy) ?? copy());
  if (!isDirectory) return;
  using source = from.directory.open(from.name);
  using destination = to.directory.open(to.name);
  for (const name of fs.readdirSync(source.self)) {
    const transfer = { from: { directory: source, name }, to: { directory: destination, name } };
    await copyTree(transfer, { path: `${path}/${name}`, signal, room });
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
  using opened = new DisposableStack();
  const open = (place: Name, flags: number) =>
    opened.adopt(place.directory.openFile(place.name, { path, flags }), (fd) => fs.closeSync(fd));
  const source = open(from, O_RDONLY);
  const destination = open(to, O_WRONLY | O_CREAT);
  if (identityOf(fs.fstatSync(source)) === identityOf(fs.fstatSync(destination))) throw intoItself(path);
  fs.ftruncateSync(destination);
  // Deno's streams of node:fs close the descriptors that they are given when a write fails, whoever owns them.
  const buffer = new Uint8Array(COPY_BYTES);
  for (let position = 0, count = -1; count !== 0; position += count) {
    count = await readAt(source, { buffer, position });
    fs.writeFileSync(destination, buffer.subarray(0, count));
  }
}

/** A copy of something onto, or into, itself. */
export function intoItself(path: string): CodeBeakerError {
  return new CodeBeakerError("conflict", `Cannot copy ${JSON.stringify(path.slice(0, 200))} into itself`);
}

/** @throws {CodeBeakerError} `too_large` for a path that lies too deep */
export function refuseDepth(path: string): void {
  if (isTooDeep(path)) throw tooLarge(path, `it lies more than ${MAX_DEPTH} levels deep`);
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
