import * as fs from "node:fs";
import { CodeBeakerError, systemCodeOf } from "../../core/errors.ts";
import { createYielder } from "../../concurrency/delay.ts";
import { toClientError } from "../client_errors.ts";
import { DirectoryHandle } from "../directory_handle.ts";
import { checkDepth } from "../file_tree.ts";
import { readRange } from "../read_range.ts";
import { type ArchiveItem, encodeTar } from "./tar.ts";

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

/** A name on the walk through a directory. The handle is open until the next name is requested. */
interface WalkedName {
  readonly directory: DirectoryHandle;
  readonly name: string;
  readonly path: string;
  readonly stats: fs.Stats;
}

/**
 * Packs a directory, whose own path is trusted, into a tar archive. Programs may change the directory meanwhile: a file
 * has the size that it had when it was opened, and a missing one is left out. Only directories, files and symlinks are
 * packed.
 *
 * @throws {CodeBeakerError} `too_large` for a tree that is too deep; `permission_denied` for an unreadable file;
 * `not_found` for a missing directory
 */
export async function packTree(root: string): Promise<ReadableStream<Uint8Array>> {
  const yieldToOthers = createYielder();
  for (const { directory, name, stats } of walkFrom(root)) {
    if (stats.isFile()) checkReadable(directory.child(name));
    await yieldToOthers();
  }
  return encodeTar(itemsIn(root));
}

function* walkFrom(root: string): Generator<WalkedName> {
  using opened = openRoot(root);
  yield* walk(opened, "");
}

function openRoot(root: string): DirectoryHandle {
  try {
    return DirectoryHandle.openRoot(root);
  } catch (error) {
    throw toClientError(error, ".");
  }
}

function* walk(directory: DirectoryHandle, prefix: string): Generator<WalkedName> {
  for (const name of fs.readdirSync(directory.self)) {
    const path = `${prefix}${name}`;
    const stats = fs.lstatSync(directory.child(name), { throwIfNoEntry: false });
    if (stats === undefined) continue;
    yield { directory, name, path, stats };
    if (!stats.isDirectory()) continue;
    checkDepth(path);
    using child = unlessGone(path, () => directory.open(name));
    if (child !== undefined) yield* walk(child, `${path}/`);
  }
}

async function* itemsIn(root: string): AsyncGenerator<ArchiveItem> {
  for (const walked of walkFrom(root)) {
    const { directory, name, path, stats } = walked;
    const common = { path, mode: stats.mode, modifiedMs: stats.mtimeMs };
    if (stats.isDirectory()) yield { ...common, type: "directory" };
    if (stats.isFile()) yield* fileItem(walked);
    const target = stats.isSymbolicLink() ? unlessGone(path, () => directory.readLink(name)) : undefined;
    if (target !== undefined) yield { ...common, type: "symlink", target };
  }
}

/**
 * Yields one item, with its file open until the next one is requested. It yields none when the file is no longer a
 * regular one.
 */
async function* fileItem({ directory, name, path }: WalkedName): AsyncGenerator<ArchiveItem> {
  const fd = unlessGone(path, () => directory.openFile(name, { path, flags: O_RDONLY }));
  if (fd === undefined) return;
  try {
    const { mode, mtimeMs, size } = fs.fstatSync(fd);
    const content = readRange(fd, { offset: 0, length: size });
    yield { type: "file", path, mode, modifiedMs: mtimeMs, size, content };
  } finally {
    fs.closeSync(fd);
  }
}

function checkReadable(path: string): void {
  unlessGone(
    path.slice(path.lastIndexOf("/") + 1),
    () => fs.closeSync(fs.openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)),
  );
}

/** Opens a file; undefined when it is gone, or has changed its kind. */
function unlessGone<T>(path: string, open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    const isGone = ["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EINVAL"].includes(systemCodeOf(error) ?? "");
    if (isGone || error instanceof CodeBeakerError) return undefined;
    throw toClientError(error, path);
  }
}
