import * as fs from "node:fs";
import { CodeBeakerError } from "../core/errors.ts";
import { parseWorkspacePath } from "../core/workspace_path.ts";
import { createYielder } from "../concurrency/delay.ts";
import { DirectoryHandle, systemCodeOf, translate } from "./directory_handle.ts";
import type { DiskRoom } from "./disk_room.ts";
import { refuseDepth } from "./file_tree.ts";
import { readRange } from "./read_range.ts";
import { type ArchiveItem, decodeTar, encodeTar, type ParsedTarEntry } from "./tar.ts";
import { type Place, resolve } from "./workspace_place.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants;

/** A name that was met on the way through a directory; the handle is open until the next one is asked for. */
interface Met {
  readonly directory: DirectoryHandle;
  readonly name: string;
  readonly path: string;
  readonly stats: fs.Stats;
}

/**
 * Everything in a directory as a tar archive; its own path is trusted. What a program changes meanwhile is packed as it
 * is met: a file has the size that it had when it was opened, what is gone by then is left out, and so is what is no
 * directory, file or symlink.
 *
 * @throws {CodeBeakerError} `too_large` for a tree that is too deep; `permission_denied` for what cannot be read;
 *   `not_found` when the directory itself is gone
 */
export async function packTree(root: string): Promise<ReadableStream<Uint8Array>> {
  const evictAll = createYielder();
  for (const { directory, name, stats } of walkFrom(root)) {
    if (stats.isFile()) refuseUnreadable(directory.child(name));
    await evictAll();
  }
  return encodeTar(itemsIn(root));
}

/**
 * Puts what is in a tar archive, which has been checked, below a directory, whose own path is trusted. A file or
 * symlink takes the place of what is no directory, a directory that of what is none.
 *
 * @throws {CodeBeakerError} `permission_denied` where a symlink leads out; `conflict` for a directory that is not empty
 *   and in the way of something else; `invalid_request` for a path through a file; `too_large` for what does not fit
 * @throws the reason of `signal` when it is aborted first
 */
export async function unpackTree(
  root: string,
  archive: ReadableStream<Uint8Array>,
  { signal, room }: { readonly signal?: AbortSignal; readonly room?: DiskRoom | undefined } = {},
): Promise<void> {
  const evictAll = createYielder();
  for await (const entry of decodeTar(archive)) {
    signal?.throwIfAborted();
    await evictAll();
    const path = parseWorkspacePath(entry.header.name);
    try {
      const unpack = async () => {
        using place = resolve(DirectoryHandle.openRoot(root), path, { follow: false, makeParents: true });
        await put(entry, { place, path });
      };
      await (room?.write(entry.header.size, unpack) ?? unpack());
    } catch (error) {
      throw room?.explain(error, path) ?? translate(error, path);
    }
  }
}

function* walkFrom(root: string): Generator<Met> {
  using opened = openRoot(root);
  yield* walk(opened, "");
}

function openRoot(root: string): DirectoryHandle {
  try {
    return DirectoryHandle.openRoot(root);
  } catch (error) {
    throw translate(error, ".");
  }
}

function* walk(directory: DirectoryHandle, prefix: string): Generator<Met> {
  for (const name of fs.readdirSync(directory.self)) {
    const path = `${prefix}${name}`;
    const stats = fs.lstatSync(directory.child(name), { throwIfNoEntry: false });
    if (stats === undefined) continue;
    yield { directory, name, path, stats };
    if (!stats.isDirectory()) continue;
    refuseDepth(path);
    using child = openIfThere(directory, name);
    if (child !== undefined) yield* walk(child, `${path}/`);
  }
}

async function* itemsIn(root: string): AsyncGenerator<ArchiveItem> {
  for (const met of walkFrom(root)) {
    const { directory, name, path, stats } = met;
    const common = { path, mode: stats.mode, modifiedMs: stats.mtimeMs };
    if (stats.isDirectory()) yield { ...common, type: "directory" };
    if (stats.isFile()) yield* fileItem(met);
    const target = stats.isSymbolicLink() ? readLinkIfThere(directory, name) : undefined;
    if (target !== undefined) yield { ...common, type: "symlink", target };
  }
}

/** One item, whose file is open until the next one is asked for; none where it is gone or has become something else. */
async function* fileItem({ directory, name, path }: Met): AsyncGenerator<ArchiveItem> {
  const fd = openIfFile({ directory, name, path });
  if (fd === undefined) return;
  try {
    const { mode, mtimeMs, size } = fs.fstatSync(fd);
    const content = readRange(fd, { offset: 0, length: size });
    yield { type: "file", path, mode, modifiedMs: mtimeMs, size, content };
  } finally {
    fs.closeSync(fd);
  }
}

function openIfFile({ directory, name, path }: Omit<Met, "stats">): number | undefined {
  try {
    return directory.openFile(name, { path, flags: O_RDONLY });
  } catch (error) {
    if (isGone(error) || error instanceof CodeBeakerError) return undefined;
    throw translate(error, path);
  }
}

function readLinkIfThere(directory: DirectoryHandle, name: string): string | undefined {
  try {
    return directory.readLink(name);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw translate(error, name);
  }
}

function openIfThere(directory: DirectoryHandle, name: string): DirectoryHandle | undefined {
  try {
    return directory.open(name);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw translate(error, name);
  }
}

function refuseUnreadable(path: string): void {
  try {
    fs.closeSync(fs.openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
  } catch (error) {
    if (!isGone(error)) throw translate(error, path.slice(path.lastIndexOf("/") + 1));
  }
}

/** Whether something is not there any more, or is not any more what it was. */
function isGone(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EINVAL"].includes(systemCodeOf(error) ?? "");
}

async function put(
  { header, body }: ParsedTarEntry,
  { place, path }: { readonly place: Place; readonly path: string },
): Promise<void> {
  const child = place.directory.child(place.name);
  if (header.type === "directory") {
    await body.cancel();
    makeRoom(child, { forDirectory: true });
    if (fs.lstatSync(child, { throwIfNoEntry: false }) === undefined) place.directory.makeDirectory(place.name);
    return;
  }
  makeRoom(child, { forDirectory: false });
  if (header.type === "symlink") {
    await body.cancel();
    return place.directory.makeSymlink(header.linkname ?? "", place.name);
  }
  const fd = place.directory.openFile(place.name, { path, flags: O_WRONLY | O_CREAT | O_EXCL });
  try {
    for await (const bytes of body) fs.writeFileSync(fd, bytes);
    if (((header.mode ?? 0) & 0o100) !== 0) fs.fchmodSync(fd, 0o700);
    if (header.mtime !== undefined) fs.futimesSync(fd, header.mtime, header.mtime);
  } catch (error) {
    fs.rmSync(child, { force: true }); // Half a file is none.
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}

/** Removes what cannot stay where something new comes: a directory only when it is empty, and for none. */
function makeRoom(child: string, { forDirectory }: { readonly forDirectory: boolean }): void {
  const found = fs.lstatSync(child, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) fs.unlinkSync(child);
  else if (!forDirectory) fs.rmdirSync(child);
}
