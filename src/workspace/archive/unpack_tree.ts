import * as fs from "node:fs";
import { parseWorkspacePath } from "../../core/workspace_path.ts";
import { createYielder } from "../../concurrency/delay.ts";
import { toClientError } from "../client_errors.ts";
import { DirectoryHandle } from "../directory_handle.ts";
import type { DiskRoom } from "../disk_room.ts";
import { type ResolvedPath, resolvePath } from "../resolve_path.ts";
import { decodeTar, type ParsedTarEntry } from "./tar.ts";

const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants;

/**
 * Unpacks a checked tar archive into a directory, whose own path is trusted. A file or symlink replaces anything but a
 * directory that is not empty; a directory replaces anything but a directory.
 *
 * @throws {CodeBeakerError} `permission_denied` where a symlink leads out; `conflict` for a directory that is not empty
 * and would be replaced; `invalid_request` for a path through a file; `too_large` when the content does not fit
 * @throws the reason of `signal` when it aborts first
 */
export async function unpackTree(
  root: string,
  archive: ReadableStream<Uint8Array>,
  { signal, room }: { readonly signal?: AbortSignal; readonly room?: DiskRoom | undefined } = {},
): Promise<void> {
  const yieldToOthers = createYielder();
  for await (const entry of decodeTar(archive)) {
    signal?.throwIfAborted();
    await yieldToOthers();
    const path = parseWorkspacePath(entry.header.name);
    try {
      const unpack = async () => {
        using resolved = resolvePath(DirectoryHandle.openRoot(root), path, { follow: false, makeParents: true });
        await unpackEntry(entry, { resolved, path });
      };
      await (room?.write(entry.header.size, unpack) ?? unpack());
    } catch (error) {
      throw room?.explain(error, path) ?? toClientError(error, path);
    }
  }
}

async function unpackEntry(
  { header, body }: ParsedTarEntry,
  { resolved: { directory, name }, path }: { readonly resolved: ResolvedPath; readonly path: string },
): Promise<void> {
  const child = directory.child(name);
  if (header.type === "directory") {
    await body.cancel();
    makeRoom(child, { forDirectory: true });
    if (fs.lstatSync(child, { throwIfNoEntry: false }) === undefined) directory.makeDirectory(name);
    return;
  }
  makeRoom(child, { forDirectory: false });
  if (header.type === "symlink") {
    await body.cancel();
    return directory.makeSymlink(header.linkname ?? "", name);
  }
  const fd = directory.openFile(name, { path, flags: O_WRONLY | O_CREAT | O_EXCL });
  try {
    for await (const bytes of body) fs.writeFileSync(fd, bytes);
    if (((header.mode ?? 0) & 0o100) !== 0) fs.fchmodSync(fd, 0o700);
    if (header.mtime !== undefined) fs.futimesSync(fd, header.mtime, header.mtime);
  } catch (error) {
    fs.rmSync(child, { force: true }); // No part of a file remains.
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Removes the entry that a new one replaces. A directory is removed only when it is empty, and never for a directory.
 */
function makeRoom(child: string, { forDirectory }: { readonly forDirectory: boolean }): void {
  const found = fs.lstatSync(child, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) fs.unlinkSync(child);
  else if (!forDirectory) fs.rmdirSync(child);
}
