import * as fs from "node:fs";
import { createYielder } from "../concurrency/delay.ts";
import { Semaphore } from "../concurrency/semaphore.ts";
import { CodeBeakerError } from "../core/errors.ts";
import type { FileEntry } from "../core/files.ts";
import { isTooDeep, MAX_DEPTH } from "../core/workspace_path.ts";
import { type DirectoryHandle, identityOf } from "./directory_handle.ts";
import type { DiskRoom } from "./disk_room.ts";
import { readAt } from "./read_range.ts";
import { makeDirectory, type ResolvedPath } from "./resolve_path.ts";

const { O_CREAT, O_RDONLY, O_WRONLY } = fs.constants;

/** Most entries of a listing, and of an archive. */
export const MAX_ENTRIES = 10_000;

/** Size of the buffer for copying files. */
const COPY_BYTES = 65_536;

/** Latest time of a `Date` (ECMAScript, time values). */
const MAX_TIME_MS = 8.64e15;

type Name = Pick<ResolvedPath, "directory" | "name">;

/** Turns of the listings of all workspaces. A listing keeps a descriptor open for each level that it is in. */
const turns = new Semaphore(2);

/** The source and the destination of a copy. */
interface Transfer {
  readonly from: Name;
  readonly to: Name;
}

/**
 * Copies a file, or a directory with everything in it. Symlinks are copied as symlinks. It yields to other work between
 * two of them.
 *
 * @param options.path the source's path in messages
 * @throws {CodeBeakerError} `too_large` for a tree that is too deep or does not fit; `invalid_request` for an entry
 * that is no file, directory or symlink
 * @throws the reason of `signal` when it aborts between two files
 */
export async function copyTree(
  { from, to }: Transfer,
  { path, signal, room, yieldToOthers = createYielder() }: {
    readonly path: string;
    readonly signal: AbortSignal;
    readonly room?: DiskRoom | undefined;
    /** That of the copy which this one is a part of. */
    readonly yieldToOthers?: () => Promise<void>;
  },
): Promise<void> {
  await yieldToOthers();
  signal.throwIfAborted();
  const kind = fs.lstatSync(from.directory.child(from.name));
  if (kind.isSymbolicLink()) {
    to.directory.makeSymlink(fs.readlinkSync(from.directory.child(from.name)), to.name);
    return;
  }
  const isDirectory = kind.isDirectory();
  if (isDirectory) checkDepth(path);
  const copy = () => isDirectory ? makeDirectory(to.directory, to.name) : copyFile({ from, to }, path);
  await (room?.write(kind.size, copy) ?? copy());
  if (!isDirectory) return;
  using source = from.directory.open(from.name);
  using destination = to.directory.open(to.name);
  for (const name of fs.readdirSync(source.self)) {
    const transfer = { from: { directory: source, name }, to: { directory: destination, name } };
    await copyTree(transfer, { path: `${path}/${name}`, signal, room, yieldToOthers });
  }
}

/**
 * Lists a directory, `depth` levels deep. It yields to other work in between, and waits while as many listings run as
 * may. Entries that vanish meanwhile are left out.
 *
 * @throws {CodeBeakerError} `too_large` for a tree that is too deep or has too many entries
 * @throws the reason of `signal` when it aborts between two entries
 */
export async function listTree(
  directory: DirectoryHandle,
  { path, depth, signal }: { readonly path: string; readonly depth: number; readonly signal: AbortSignal },
): Promise<FileEntry[]> {
  using _turn = await turns.acquire({ signal });
  const yieldToOthers = createYielder();
  let left = MAX_ENTRIES;
  async function list(directory: DirectoryHandle, below: { readonly path: string; readonly depth: number }) {
    checkDepth(below.path);
    const entries: FileEntry[] = [];
    for (const name of fs.readdirSync(directory.self).toSorted()) {
      await yieldToOthers();
      signal.throwIfAborted();
      if (--left < 0) throw treeTooLarge(below.path, `it holds more than ${MAX_ENTRIES} entries`);
      const stats = fs.lstatSync(directory.child(name), { throwIfNoEntry: false });
      if (stats === undefined) continue;
      const path = below.path === "." ? name : `${below.path}/${name}`;
      const entry = toEntry(path, stats);
      using child = stats.isDirectory() && below.depth > 1 ? directory.openIfDirectory(name) : undefined;
      entries.push(
        child === undefined ? entry : { ...entry, children: await list(child, { path, depth: below.depth - 1 }) },
      );
    }
    return entries;
  }
  return await list(directory, { path, depth });
}

/** Makes the entry of a listing. */
export function toEntry(path: string, stats: fs.Stats): FileEntry {
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    path,
    type: typeOf(stats),
    size: stats.isFile() ? stats.size : 0,
    modifiedAt: toTime(stats.mtimeMs),
  };
}

/** Formats a file time. Programs can set times that no `Date` holds. */
export function toTime(ms: number): string {
  return new Date(Math.min(Math.max(ms, -MAX_TIME_MS), MAX_TIME_MS)).toISOString();
}

async function copyFile({ from, to }: Transfer, path: string): Promise<void> {
  using opened = new DisposableStack();
  const open = ({ directory, name }: Name, flags: number) =>
    opened.adopt(directory.openFile(name, { path, flags }), (fd) => fs.closeSync(fd));
  const source = open(from, O_RDONLY);
  const destination = open(to, O_WRONLY | O_CREAT);
  if (identityOf(fs.fstatSync(source)) === identityOf(fs.fstatSync(destination))) throw copyIntoItself(path);
  fs.ftruncateSync(destination);
  // No stream of node:fs is used: in Deno such a stream closes the descriptor when a write fails, although it is not
  // the stream's.
  const buffer = new Uint8Array(COPY_BYTES);
  for (let position = 0, count = -1; count !== 0; position += count) {
    count = await readAt(source, { buffer, position });
    fs.writeFileSync(destination, buffer.subarray(0, count));
  }
}

/** Makes the error of a copy into itself. */
export function copyIntoItself(path: string): CodeBeakerError {
  return new CodeBeakerError("conflict", `Cannot copy ${JSON.stringify(path.slice(0, 200))} into itself`);
}

/** @throws {CodeBeakerError} `too_large` for a path that is too deep */
export function checkDepth(path: string): void {
  if (isTooDeep(path)) throw treeTooLarge(path, `it lies more than ${MAX_DEPTH} levels deep`);
}

/** Makes a `too_large` error about a tree. */
export function treeTooLarge(path: string, why: string): CodeBeakerError {
  return new CodeBeakerError("too_large", `Cannot take the tree at ${JSON.stringify(path.slice(0, 200))} as ${why}`);
}

function typeOf(stats: fs.Stats): FileEntry["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "symlink" : "other";
}
