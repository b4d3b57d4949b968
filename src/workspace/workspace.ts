import * as fs from "node:fs";
import { join } from "@std/path";
import { CodeBeakerError } from "../core/errors.ts";
import type { FileEntry, FileReading, VisitedEntry, WriteMode } from "../core/files.ts";
import { checkDeletion, checkMove } from "../core/workspace_path.ts";
import { toClientError } from "./client_errors.ts";
import { DirectoryHandle, identityOf } from "./directory_handle.ts";
import type { DiskRoom } from "./disk_room.ts";
import { copyIntoItself, copyTree, listTree, toEntry } from "./file_tree.ts";
import { visitTree } from "./visit_tree.ts";
import { streamRange } from "./read_range.ts";
import { removeTree } from "../host/remove_tree.ts";
import { packTree } from "./archive/pack_tree.ts";
import { unpackTree } from "./archive/unpack_tree.ts";
import { type ResolvedPath, type ResolveOptions, resolvePath } from "./resolve_path.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_TRUNC, O_WRONLY } = fs.constants;

const WRITE_FLAGS: Readonly<Record<WriteMode, number>> = {
  create: O_TRUNC,
  append: O_APPEND,
  create_new: O_EXCL,
};

/**
 * The files below one directory. Paths are resolved one component at a time on open directories: symlinks are followed
 * inside only, and no program can redirect an operation by swapping one in.
 *
 * Disposing refuses new operations with `conflict`, cuts running ones short, and returns when they have ended: the
 * owner of the directory can then remove it.
 */
export class Workspace implements AsyncDisposable {
  readonly #root: string;
  readonly #asideDirectory: string;
  readonly #room: DiskRoom | undefined;
  readonly #programPaths: readonly string[];
  readonly #disposing = new AbortController();
  readonly #operations = new Set<Promise<unknown>>();

  /**
   * @param root an existing directory
   * @param options.asideDirectory a directory on the same file system, out of programs' reach, for trees to be removed
   * @param options.room bounds the writes; absent, only the disk does
   * @param options.programPaths the paths of programs' code, which may be written to a full workspace too
   */
  constructor(
    root: string,
    { asideDirectory, programPaths = [], room }: {
      readonly asideDirectory: string;
      readonly room?: DiskRoom | undefined;
      readonly programPaths?: readonly string[];
    },
  ) {
    this.#root = root;
    this.#asideDirectory = asideDirectory;
    this.#room = room;
    this.#programPaths = programPaths;
  }

  /** Describes a path. With `follow`, it describes the target of a symlink at its end. */
  stat(path: string, options: { readonly follow?: boolean } = {}): Promise<FileEntry> {
    return this.#at(
      path,
      { follow: options.follow ?? false },
      ({ directory, name }) => toEntry(path, fs.lstatSync(directory.child(name))),
    );
  }

  read(
    path: string,
    options: { readonly offset?: number; readonly length?: number } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const { offset = 0, length = Infinity } = options;
    return this.#at(path, { follow: true }, ({ directory, name }) => {
      const fd = directory.openFile(name, { path, flags: O_RDONLY });
      return streamRange(fd, { offset, length, path });
    });
  }

  /** Reads regular files of at most `maxBytes` whole, in the given order. */
  async readFiles(
    paths: readonly string[],
    { maxBytes, onFile }: { readonly maxBytes: number; onFile(reading: FileReading): void },
  ): Promise<void> {
    for (const path of paths) {
      const reading = this.#readWhole(path, maxBytes).then((bytes) => ({ path, bytes }), (error) => ({ path, error }));
      onFile(await reading);
    }
  }

  /** Writes a file. A new file that cannot be written whole is removed. */
  write(
    path: string,
    content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    mode: WriteMode = "create",
  ): Promise<void> {
    const flags = O_WRONLY | O_CREAT | WRITE_FLAGS[mode];
    return this.#at(path, { follow: false, makeParents: true }, async (place) => {
      if (this.#programPaths.includes(path)) await this.#room?.admitCode();
      const made = place.directory.makeFile(place.name, { flags });
      if (made !== undefined) return await this.#fill(place, made, { path, content, isNew: true });
      return await this.#at(path, { follow: mode !== "create_new", makeParents: true }, (place) => {
        const { directory, name } = place;
        const isNew = fs.lstatSync(directory.child(name), { throwIfNoEntry: false }) === undefined;
        const fd = directory.openFile(name, { path, flags });
        return this.#fill(place, fd, { path, content, isNew });
      });
    });
  }

  createDirectory(path: string, options: { readonly recursive?: boolean } = {}): Promise<void> {
    const { recursive = true } = options;
    return this.#at(path, { follow: true, makeParents: recursive }, ({ directory, name }) => {
      const found = fs.lstatSync(directory.child(name), { throwIfNoEntry: false });
      if (recursive && found?.isDirectory()) return;
      directory.makeDirectory(name);
    });
  }

  copy(source: string, destination: string, options: { readonly overwrite?: boolean } = {}): Promise<void> {
    return this.#at(source, { follow: true }, (from) => {
      const kind = fs.lstatSync(from.directory.child(from.name));
      return this.#at(destination, { follow: true, makeParents: true }, async (to) => {
        if (!(options.overwrite ?? true)) checkAbsent(to, destination);
        if (kind.isDirectory() && leadsInto(to, identityOf(kind))) throw copyIntoItself(source);
        await copyTree({ from, to }, { path: source, signal: this.#disposing.signal, room: this.#room });
      });
    });
  }

  move(source: string, destination: string, options: { readonly overwrite?: boolean } = {}): Promise<void> {
    checkMove(source, destination);
    return this.#at(source, { follow: false }, (from) => {
      fs.lstatSync(from.directory.child(from.name));
      return this.#at(destination, { follow: false, makeParents: true }, (to) => {
        if (!(options.overwrite ?? true)) checkAbsent(to, destination);
        fs.renameSync(from.directory.child(from.name), to.directory.child(to.name));
      });
    });
  }

  delete(path: string, options: { readonly recursive?: boolean } = {}): Promise<void> {
    checkDeletion(path);
    return this.#at(path, { follow: false }, async ({ directory, name }) => {
      const child = directory.child(name);
      if (!fs.lstatSync(child).isDirectory()) fs.unlinkSync(child);
      else if (options.recursive ?? false) await this.#removeAside(child);
      else fs.rmdirSync(child);
    });
  }

  list(path: string, options: { readonly maxDepth?: number } = {}): Promise<FileEntry> {
    const { maxDepth = 0 } = options;
    return this.#at(path, { follow: true }, async ({ directory, name }) => {
      const top = toEntry(path, fs.lstatSync(directory.child(name)));
      using listed = directory.open(name);
      const { signal } = this.#disposing;
      return {
        ...top,
        children: await listTree(listed, { path, depth: maxDepth === 0 ? Infinity : maxDepth, signal }),
      };
    });
  }

  /** Calls `onEntry` for every entry below a directory, `maxDepth` levels deep (0: no bound). */
  visit(
    path: string,
    { maxDepth = 0, onEntry }: { readonly maxDepth?: number; onEntry(entry: VisitedEntry): void },
  ): Promise<void> {
    return this.#at(path, { follow: true }, async ({ directory, name }) => {
      using visited = directory.open(name);
      const { signal } = this.#disposing;
      await visitTree(visited, { path, depth: maxDepth === 0 ? Infinity : maxDepth, signal, onEntry });
    });
  }

  async pack(): Promise<ReadableStream<Uint8Array>> {
    return await packTree(this.#root);
  }

  unpack(archive: ReadableStream<Uint8Array>): Promise<void> {
    return this.#follow(() => unpackTree(this.#root, archive, { signal: this.#disposing.signal, room: this.#room }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposing.abort(new CodeBeakerError("conflict", "Cannot use the workspace as it is being removed"));
    await Promise.allSettled(this.#operations);
  }

  /** Writes to an open file, and closes it. */
  async #fill(
    { directory, name }: ResolvedPath,
    fd: number,
    { content, isNew, path }: {
      readonly path: string;
      readonly content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
      readonly isNew: boolean;
    },
  ): Promise<void> {
    try {
      for await (const bytes of content instanceof Uint8Array ? [content] : content) {
        this.#disposing.signal.throwIfAborted();
        const append = () => fs.writeFileSync(fd, bytes);
        await (this.#room?.write(bytes.length, append, { isProgram: this.#programPaths.includes(path) }) ?? append());
      }
    } catch (error) {
      if (isNew) fs.rmSync(directory.child(name), { force: true });
      throw error;
    } finally {
      fs.closeSync(fd);
    }
  }

  async #readWhole(path: string, maxBytes: number): Promise<Uint8Array> {
    const bytes = await new Response(await this.read(path, { length: maxBytes + 1 })).bytes();
    if (bytes.length <= maxBytes) return bytes;
    throw new CodeBeakerError(
      "too_large",
      `Cannot read ${
        JSON.stringify(path)
      } at once as it has more than ${maxBytes} bytes: read parts by offset and length, ` +
        "or the file by GET /v1/sessions/{id}/files/{path}",
    );
  }

  /** Moves a directory out of programs' reach, and removes it there. */
  async #removeAside(child: string): Promise<void> {
    const aside = join(this.#asideDirectory, `removing-${crypto.randomUUID()}`);
    fs.renameSync(child, aside);
    await removeTree(aside);
  }

  /** Runs an operation on a resolved path. Turns file system errors into the client's. */
  #at<T>(path: string, options: ResolveOptions, operate: (resolved: ResolvedPath) => T | Promise<T>): Promise<T> {
    return this.#follow(async () => {
      try {
        using resolved = resolvePath(DirectoryHandle.openRoot(this.#root), path, options);
        return await operate(resolved);
      } catch (error) {
        throw this.#room?.explain(error, path) ?? toClientError(error, path);
      }
    });
  }

  /** Runs an operation that disposing waits for. */
  async #follow<T>(begin: () => Promise<T>): Promise<T> {
    this.#disposing.signal.throwIfAborted();
    const operation = begin();
    this.#operations.add(operation);
    try {
      return await operation;
    } finally {
      this.#operations.delete(operation);
    }
  }
}

function checkAbsent({ directory, name }: ResolvedPath, path: string): void {
  if (fs.lstatSync(directory.child(name), { throwIfNoEntry: false }) === undefined) return;
  throw new CodeBeakerError(
    "conflict",
    `Cannot create ${JSON.stringify(path)} as it exists already and overwrite is false`,
  );
}

/** Whether a path leads to a directory, or below it. */
function leadsInto({ directory, name, trail }: ResolvedPath, identity: string): boolean {
  const target = fs.lstatSync(directory.child(name), { throwIfNoEntry: false });
  return (target !== undefined && identityOf(target) === identity) ||
    trail.some((above) => above.identity === identity);
}
