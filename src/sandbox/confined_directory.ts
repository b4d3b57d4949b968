import * as fs from "node:fs";
import { join } from "@std/path";
import { filesFor, MEBIBYTE } from "../core/limits.ts";
import type { OwnUids } from "../host/own_uids.ts";
import { removeTree } from "../host/remove_tree.ts";
import { type DiskUsage, treeUsage } from "../host/size_watch.ts";
import type { SystemCalls } from "../host/system_calls.ts";

/**
 * Bytes that a runtime itself may write beside the workspace (caches, logs). The kernel's bound is larger by the
 * margin.
 */
const OWN_BYTES = 4 * MEBIBYTE;
const MARGIN_BYTES = MEBIBYTE;
const OWN_FILES = 256;
/** Room above a full directory for a program's code, and for what its runtime writes. */
const PROGRAM_ROOM: DiskUsage = { bytes: MEBIBYTE, files: 32 };
const NO_ROOM: DiskUsage = { bytes: 0, files: 0 };

/** Bounds of a directory by the disk limit. They leave room for files of the runtime itself. */
export function diskBounds(diskMb: number): DiskUsage {
  return { bytes: diskMb * MEBIBYTE + OWN_BYTES, files: filesFor(diskMb) + OWN_FILES };
}

/** Parts of a directory; undefined where this machine lacks one. */
export interface ConfinedDirectoryParts {
  readonly uids: OwnUids | undefined;
  /** The calls that mount; undefined where the directory's size is only watched. */
  readonly mounting: SystemCalls | undefined;
  /** Reserves memory until the result is disposed of; undefined where none is left now. */
  promiseMemory(bytes: number): Disposable | undefined;
}

/**
 * The directory of one execution environment. It belongs to a user of its own where there are such users, and is a file
 * system in memory of bounded size where one can be mounted. Disposing removes it with everything in it; no program may
 * run in it then.
 */
export class ConfinedDirectory implements AsyncDisposable {
  readonly path: string;
  /** The user that owns the directory; undefined where that is the service's own. */
  readonly uid: number | undefined;
  /** The directory's bounds in bytes and files. */
  readonly bounds: DiskUsage;
  readonly #parts: ConfinedDirectoryParts;
  readonly #promise: Disposable | undefined;
  #isMounted = false;
  /** What the kernel lets in now, where the directory is mounted. */
  #kernelBounds: DiskUsage;
  #programBounds: DiskUsage;
  /** Whether the last measurement left less than a program's room. */
  #isFull = false;
  #isDisposed = false;

  private constructor(path: string, diskMb: number, parts: ConfinedDirectoryParts) {
    this.path = path;
    this.bounds = this.#programBounds = diskBounds(diskMb);
    this.#kernelBounds = this.#leastKernelBounds;
    this.#parts = parts;
    this.uid = parts.uids?.take();
    this.#promise = parts.mounting && parts.promiseMemory(this.bounds.bytes);
  }

  /**
   * Makes a directory. The calls are synchronous, since a trip through the thread pool takes longer.
   *
   * @throws the error of the system
   */
  static make(path: string, { diskMb }: { readonly diskMb: number }, parts: ConfinedDirectoryParts): ConfinedDirectory {
    const directory = new ConfinedDirectory(path, diskMb, parts);
    try {
      directory.#make();
    } catch (error) {
      directory.#giveBack();
      throw error;
    }
    return directory;
  }

  /** Whether the kernel bounds the directory's size; otherwise the service has to sample it. */
  get isBounded(): boolean {
    return this.#isMounted;
  }

  /**
   * The bounds of a program that begins now. A program may begin in a directory that another one has filled, as far as
   * {@link ceiling}: it is ended when it adds more than its room.
   */
  get programBounds(): DiskUsage {
    return this.#programBounds;
  }

  /** The most bytes and files in the directory, however often programs fill it. */
  get ceiling(): DiskUsage {
    const { bytes, files } = this.bounds;
    if (!this.#isMounted) return { bytes: 2 * bytes, files: 2 * files };
    return { bytes: bytes + 2 * MARGIN_BYTES, files: files + 2 * OWN_FILES };
  }

  /** Makes room in a full directory for the code of the next program. */
  async admitCode(): Promise<void> {
    if (this.#isFull) this.#resize(await this.usage(), PROGRAM_ROOM);
  }

  /** Sets the bounds of a program that is about to begin. The kernel lets it add nothing to a full directory. */
  async admitProgram(): Promise<void> {
    if (!this.#isFull && this.#programBounds === this.bounds) return;
    const used = await this.usage();
    this.#programBounds = this.#isFull ? within(used, PROGRAM_ROOM, [this.bounds, this.ceiling]) : this.bounds;
    this.#resize(used, NO_ROOM);
  }

  /** Makes a directory in this one that its user owns. */
  makeDirectory(name: string): string {
    const path = join(this.path, name);
    fs.mkdirSync(path, 0o700);
    this.own(path);
    return path;
  }

  /** Makes the user the owner of a path in the directory. The path is trusted. */
  own(path: string): void {
    if (this.uid !== undefined) fs.lchownSync(path, this.uid, this.uid);
  }

  /**
   * Gives the user all permissions on a directory in this one. A program may have removed them. Paths elsewhere stay as
   * they are.
   */
  reopen(path: string): void {
    if (path.startsWith(`${this.path}/`)) fs.chmodSync(path, 0o700);
  }

  /** Empties a directory in this one by making it anew. No program may run in it. */
  async renew(name: string): Promise<void> {
    await removeTree(join(this.path, name));
    this.makeDirectory(name);
  }

  /** The bytes and files in the directory. Where the service counts them, it stops above some bounds. */
  async usage(most = this.ceiling): Promise<DiskUsage> {
    const used = this.#isMounted ? this.#mountUsage() : await treeUsage(this.path, most);
    const { bytes, files } = this.bounds;
    this.#isFull = used.bytes > bytes - PROGRAM_ROOM.bytes || used.files > files - PROGRAM_ROOM.files;
    return used;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#isMounted) await this.#parts.mounting?.unmount(this.path);
    try {
      await removeTree(this.path);
    } finally {
      this.#giveBack();
    }
  }

  #make(): void {
    fs.mkdirSync(this.path, 0o700);
    if (this.#promise !== undefined) {
      const owner = this.uid === undefined ? "" : `,uid=${this.uid},gid=${this.uid}`;
      this.#parts.mounting?.mountTmpfs(this.path, `${sizeOption(this.#kernelBounds)},mode=0700${owner}`);
      this.#isMounted = true;
    } else this.own(this.path);
  }

  /** The kernel's first bounds. */
  get #leastKernelBounds(): DiskUsage {
    return { bytes: this.bounds.bytes + MARGIN_BYTES, files: this.bounds.files + OWN_FILES };
  }

  #mountUsage(): DiskUsage {
    const { bfree, blocks, bsize, ffree, files } = fs.statfsSync(this.path);
    return { bytes: (blocks - bfree) * bsize, files: files - ffree };
  }

  /** Sets the kernel's bounds to some room above the usage, at least to the first. */
  #resize(used: DiskUsage, room: DiskUsage): void {
    const bounds = within(used, room, [this.#leastKernelBounds, this.ceiling]);
    if (!this.#isMounted || sizeOption(bounds) === sizeOption(this.#kernelBounds)) return;
    if (this.#parts.mounting?.resizeTmpfs(this.path, sizeOption(bounds)) === true) this.#kernelBounds = bounds;
  }

  #giveBack(): void {
    this.#promise?.[Symbol.dispose]();
    if (this.uid !== undefined) this.#parts.uids?.give(this.uid);
  }
}

/** A usage and some room, moved into a range. */
function within(
  used: DiskUsage,
  room: DiskUsage,
  [least, most]: readonly [least: DiskUsage, most: DiskUsage],
): DiskUsage {
  const clamp = (unit: keyof DiskUsage) => Math.min(Math.max(used[unit] + room[unit], least[unit]), most[unit]);
  return { bytes: clamp("bytes"), files: clamp("files") };
}

function sizeOption({ bytes, files }: DiskUsage): string {
  return `size=${bytes},nr_inodes=${files}`;
}
