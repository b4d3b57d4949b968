import * as fs from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CodeBeakerError, invalidField } from "../core/errors.ts";
import type { FileEntry, WriteMode } from "../core/files.ts";
import { outside, parseWorkspacePath, WORKSPACE_ROOT } from "../core/workspace_path.ts";
import { DirectoryHandle, systemCodeOf, translate } from "./directory_handle.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_TRUNC, O_WRONLY } = fs.constants;

/** More symlinks than this in one path are a loop, as in path_resolution(7). */
const MAX_LINKS = 40;

/** More entries than this are refused rather than listed. */
const MAX_LISTED = 10_000;

const WRITE_FLAGS: Readonly<Record<WriteMode, number>> = {
  create: O_TRUNC,
  append: O_APPEND,
  create_new: O_EXCL,
};

/**
 * The files below one directory. Paths are resolved here, one component at a time on open directories: a symlink is
 * followed as long as it stays inside, and no program can lead an operation out by swapping one in meanwhile.
 */
export class Workspace {
  readonly #root: string;

  /** @param root an existing directory that the service made */
  constructor(root: string) {
    this.#root = root;
  }

  stat(path: string): Promise<FileEntry> {
    return this.#at(
      path,
      { follow: false },
      ({ directory, name }) => toEntry(path, fs.lstatSync(directory.child(name))),
    );
  }

  read(
    path: string,
    options: { readonly offset?: number; readonly length?: number } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const { offset = 0, length } = options;
    return this.#at(path, { follow: true }, ({ directory, name }) => {
      if (length === 0) return ReadableStream.from<Uint8Array>([]);
      const fd = directory.openFile(name, path, O_RDONLY);
      const end = length === undefined ? {} : { end: offset + length - 1 };
      return Readable.toWeb(fs.createReadStream("", { fd, start: offset, ...end })) as ReadableStream<Uint8Array>;
    });
  }

  write(path: string, bytes: Uint8Array<ArrayBuffer>, mode: WriteMode = "create"): Promise<void> {
    return this.#at(path, { follow: mode !== "create_new", makeParents: true }, ({ directory, name }) => {
      const fd = directory.openFile(name, path, O_WRONLY | O_CREAT | WRITE_FLAGS[mode]);
      try {
        fs.writeFileSync(fd, bytes);
      } finally {
        fs.closeSync(fd);
      }
    });
  }

  createDirectory(path: string, options: { readonly recursive?: boolean } = {}): Promise<void> {
    const { recursive = true } = options;
    return this.#at(path, { follow: true, makeParents: recursive }, ({ directory, name }) => {
      const found = fs.lstatSync(directory.child(name), { throwIfNoEntry: false });
      if (recursive && found?.isDirectory()) return;
      fs.mkdirSync(directory.child(name), 0o700);
    });
  }

  copy(source: string, destination: string, options: { readonly overwrite?: boolean } = {}): Promise<void> {
    return this.#at(
      source,
      { follow: true },
      (from) =>
        this.#at(destination, { follow: true, makeParents: true }, async (to) => {
          refuseExisting(to, destination, options.overwrite ?? true);
          if (isBelow(destination, source)) {
            throw invalidField("destination", `Cannot copy ${JSON.stringify(source)} into itself`);
          }
          await copyTree(from, to, source);
        }),
    );
  }

  move(source: string, destination: string, options: { readonly overwrite?: boolean } = {}): Promise<void> {
    if (source === "." || destination === ".") throw invalidField("source", "Cannot move the workspace itself");
    return this.#at(
      source,
      { follow: false },
      (from) =>
        this.#at(destination, { follow: false, makeParents: true }, (to) => {
          refuseExisting(to, destination, options.overwrite ?? true);
          fs.renameSync(from.directory.child(from.name), to.directory.child(to.name));
        }),
    );
  }

  delete(path: string, options: { readonly recursive?: boolean } = {}): Promise<void> {
    if (path === ".") throw invalidField("path", "Cannot delete the workspace itself");
    return this.#at(path, { follow: false }, async ({ directory, name }) => {
      const child = directory.child(name);
      if (!fs.lstatSync(child).isDirectory()) fs.unlinkSync(child);
      else if (options.recursive ?? false) await Deno.remove(child, { recursive: true });
      else fs.rmdirSync(child);
    });
  }

  list(path: string, options: { readonly maxDepth?: number } = {}): Promise<FileEntry> {
    const { maxDepth = 0 } = options;
    return this.#at(path, { follow: true }, ({ directory, name }) => {
      const top = toEntry(path, fs.lstatSync(directory.child(name)));
      using listed = directory.open(name);
      return {
        ...top,
        children: listChildren(listed, path, maxDepth === 0 ? Infinity : maxDepth, { left: MAX_LISTED }),
      };
    });
  }

  /** Runs an operation where a path leads, and tells the system's errors as a caller's. */
  async #at<T>(path: string, options: ResolveOptions, operate: (place: Place) => T | Promise<T>): Promise<T> {
    try {
      using place = resolve(DirectoryHandle.openRoot(this.#root), path, options);
      return await operate(place);
    } catch (error) {
      throw translate(error, path);
    }
  }
}

interface ResolveOptions {
  /** Whether a symlink at the end of the path stands for what it points to. */
  readonly follow: boolean;
  /** Whether missing directories above the end are made. */
  readonly makeParents?: boolean;
}

/** The end of a path: a name in an open directory. */
interface Place extends Disposable {
  readonly directory: DirectoryHandle;
  readonly name: string;
}

function resolve(root: DirectoryHandle, path: string, { follow, makeParents = false }: ResolveOptions): Place {
  const opened = [root];
  const dispose = () => opened.splice(0).forEach((handle) => handle[Symbol.dispose]());
  const here = () => opened[opened.length - 1] ?? root;
  try {
    const parts = path.split("/");
    let links = 0;
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (opened.length === 1) throw outside(path, "path", "a symlink in it leads out");
        opened.pop()?.[Symbol.dispose]();
        continue;
      }
      const isLast = parts.length === 0;
      const target = isLast && !follow ? undefined : here().readLink(part);
      if (target !== undefined) {
        if (++links > MAX_LINKS) throw outside(path, "path", "its symlinks form a loop");
        if (target.startsWith("/")) opened.splice(1).forEach((handle) => handle[Symbol.dispose]());
        parts.unshift(...linkParts(target, path));
        continue;
      }
      if (isLast) return { directory: here(), name: part, [Symbol.dispose]: dispose };
      if (makeParents) makeDirectory(here().child(part));
      opened.push(here().open(part));
    }
    return { directory: here(), name: ".", [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** A link's target as parts; an absolute one is meant as the program sees it. */
function linkParts(target: string, path: string): string[] {
  if (!target.startsWith("/")) return target.split("/");
  if (target !== WORKSPACE_ROOT && !target.startsWith(`${WORKSPACE_ROOT}/`)) {
    throw outside(path, "path", "a symlink in it leads out");
  }
  return parseWorkspacePath(target).split("/");
}

function makeDirectory(path: string): void {
  try {
    fs.mkdirSync(path, 0o700);
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  }
}

function refuseExisting({ directory, name }: Place, path: string, overwrite: boolean): void {
  if (overwrite || fs.lstatSync(directory.child(name), { throwIfNoEntry: false }) === undefined) return;
  throw new CodeBeakerError(
    "conflict",
    `Cannot create ${JSON.stringify(path)} as it exists already and overwrite is false`,
  );
}

function isBelow(path: string, directory: string): boolean {
  return directory === "." || path.startsWith(`${directory}/`);
}

async function copyTree(
  from: Pick<Place, "directory" | "name">,
  to: Pick<Place, "directory" | "name">,
  path: string,
): Promise<void> {
  const kind = fs.lstatSync(from.directory.child(from.name));
  if (kind.isSymbolicLink()) {
    fs.symlinkSync(fs.readlinkSync(from.directory.child(from.name)), to.directory.child(to.name));
    return;
  }
  if (!kind.isDirectory()) {
    const source = from.directory.openFile(from.name, path, O_RDONLY);
    const input = fs.createReadStream("", { fd: source });
    const destination = to.directory.openFile(to.name, path, O_WRONLY | O_CREAT | O_TRUNC);
    await pipeline(input, fs.createWriteStream("", { fd: destination }));
    return;
  }
  makeDirectory(to.directory.child(to.name));
  using source = from.directory.open(from.name);
  using destination = to.directory.open(to.name);
  for (const name of fs.readdirSync(source.self)) {
    await copyTree({ directory: source, name }, { directory: destination, name }, `${path}/${name}`);
  }
}

function listChildren(directory: DirectoryHandle, path: string, depth: number, budget: { left: number }): FileEntry[] {
  return fs.readdirSync(directory.self).toSorted().map((name) => {
    if (--budget.left < 0) {
      throw new CodeBeakerError(
        "too_large",
        `Cannot list ${JSON.stringify(path)} as it holds more than ${MAX_LISTED} entries`,
      );
    }
    const childPath = path === "." ? name : `${path}/${name}`;
    const entry = toEntry(childPath, fs.lstatSync(directory.child(name)));
    if (entry.type !== "directory" || depth <= 1) return entry;
    using child = directory.open(name);
    return { ...entry, children: listChildren(child, childPath, depth - 1, budget) };
  });
}

function toEntry(path: string, stats: fs.Stats): FileEntry {
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    path,
    type: typeOf(stats),
    size: stats.isFile() ? stats.size : 0,
    modifiedAt: stats.mtime.toISOString(),
  };
}

function typeOf(stats: fs.Stats): FileEntry["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "symlink" : "other";
}
