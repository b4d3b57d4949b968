import * as fs from "node:fs";
import { join } from "@std/path";
import { type DeadlineOptions, withDeadline } from "../concurrency/deadline.ts";
import { CodeBeakerError } from "../core/errors.ts";
import { filesFor, MEBIBYTE } from "../core/limits.ts";
import type { OwnUids } from "../host/own_uids.ts";
import { removeTree } from "../host/remove_tree.ts";
import { type DiskUsage, exceeds, treeUsage } from "../host/size_watch.ts";
import type { SystemCalls } from "../host/system_calls.ts";

/** Room above the limit for what a runtime itself writes beside the workspace (caches, logs). */
const OWN_ROOM: DiskUsage = { bytes: 4 * MEBIBYTE, files: 256 };
/** Room between the bounds and the kernel's, and between those and the ceiling. */
const MARGIN: DiskUsage = { bytes: MEBIBYTE, files: 256 };
/** Room above a full directory for a program's code, and for what its runtime writes. */
const PROGRAM_ROOM: DiskUsage = { bytes: MEBIBYTE, files: 32 };
const NOTHING: DiskUsage = { bytes: 0, files: 0 };

/** Bounds of a directory by the disk limit. They leave room for files of the runtime itself. */
export function diskBounds(diskMb: number): DiskUsage {
  return sum({ bytes: diskMb * MEBIBYTE, files: filesFor(diskMb) }, OWN_ROOM);
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
 *
 * Limit < bounds < kernel's bounds < ceiling. The watches end programs above the bounds, which the kernel's are above,
 * so that the watches see it. Programs leave the directory full in this way. So both rise with what is in it when the
 * next program begins, at most to the ceiling: the watches' bounds by a program's room, the kernel's by nothing.
 */
export class ConfinedDirectory implements AsyncDisposable {
  readonly path: string;
  /** The user that owns the directory; undefined where that is the service's own. */
  readonly uid: number | undefined;
  /** The bounds in bytes and files of a directory that is not full. */
  readonly bounds: DiskUsage;
  /** The most bytes and files with which a program begins. Where the kernel bounds the directory, it never holds more. */
  readonly ceiling: DiskUsage;
  readonly #parts: ConfinedDirectoryParts;
  readonly #promise: Disposable | undefined;
  /** The kernel's bounds, as the mount's option. */
  #kernelSize: string;
  #programBounds: DiskUsage;
  /** The last measurement. */
  #used = NOTHING;
  #isDisposed = false;

  private constructor(path: string, diskMb: number, parts: ConfinedDirectoryParts) {
    this.path = path;
    this.bounds = this.#programBounds = diskBounds(diskMb);
    this.#parts = parts;
    this.uid = parts.uids?.take();
    const kernelBounds = sum(this.bounds, MARGIN);
    this.#kernelSize = sizeOption(kernelBounds);
    const mountedCeiling = sum(kernelBounds, MARGIN);
    this.#promise = parts.mounting && parts.promiseMemory(mountedCeiling.bytes);
    this.ceiling = this.#promise === undefined ? sum(this.bounds, this.bounds) : mountedCeiling;
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
    return this.#promise !== undefined;
  }

  /** The bounds of all programs in the directory now. In a full one they rise when another program begins. */
  get programBounds(): DiskUsage {
    return this.#programBounds;
  }

  /** Makes room in a full directory for the code of the next program. */
  async admitCode(): Promise<void> {
    this.#admit(await this.#usageNow(), PROGRAM_ROOM);
  }

  /**
   * Sets the bounds before a program begins. The kernel lets programs add nothing to a full directory.
   *
   * @throws {CodeBeakerError} `too_large` above the ceiling, or when counting takes longer than `timeoutMs`
   * @throws the reason of `signal`
   */
  async admitProgram(
    { signal, timeoutMs }: { readonly signal?: AbortSignal | undefined; readonly timeoutMs: number },
  ): Promise<void> {
    const used = await this.#usageNow({
      signal,
      timeoutMs,
      toError: () => tooFull(`counting the files of its workspace takes longer than ${timeoutMs} ms`),
    });
    const { bytes, files } = this.ceiling;
    if (exceeds(used, this.ceiling)) {
      throw tooFull(`its workspace holds more than ${bytes / MEBIBYTE} MB or ${files} files`);
    }
    this.#admit(used, NOTHING);
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

  /** Measures the bytes and files in the directory. Where the service counts them, it stops above `most`. */
  async usage(
    { most = this.ceiling, signal }: { readonly most?: DiskUsage; readonly signal?: AbortSignal } = {},
  ): Promise<DiskUsage> {
    return this.#used = this.isBounded ? this.#mountUsage() : await treeUsage(this.path, { bounds: most, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.isBounded) await this.#parts.mounting?.unmount(this.path);
    try {
      await removeTree(this.path);
    } finally {
      this.#giveBack();
    }
  }

  #make(): void {
    fs.mkdirSync(this.path, 0o700);
    if (this.isBounded) {
      const owner = this.uid === undefined ? "" : `,uid=${this.uid},gid=${this.uid}`;
      this.#parts.mounting?.mountTmpfs(this.path, `${this.#kernelSize},mode=0700${owner}`);
    } else this.own(this.path);
  }

  #mountUsage(): DiskUsage {
    const { bfree, blocks, bsize, ffree, files } = fs.statfsSync(this.path);
    return { bytes: (blocks - bfree) * bsize, files: files - ffree };
  }

  /** The usage now. A directory that the service counts, and that was not full by the last count, is not counted again. */
  async #usageNow(deadline?: DeadlineOptions): Promise<DiskUsage> {
    if (this.isBounded) return await this.usage();
    if (!exceeds(sum(this.#used, PROGRAM_ROOM), this.bounds)) return this.#used;
    return deadline === undefined
      ? await this.usage()
      : await withDeadline((signal) => this.usage({ signal }), deadline);
  }

  /** Sets the programs' bounds by the usage, and the kernel's to some room above it. */
  #admit(used: DiskUsage, kernelRoom: DiskUsage): void {
    this.#programBounds = within(sum(used, PROGRAM_ROOM), this.bounds, this.ceiling);
    if (!this.isBounded) return;
    const size = sizeOption(within(sum(used, kernelRoom), sum(this.bounds, MARGIN), this.ceiling));
    if (size === this.#kernelSize) return;
    if (this.#parts.mounting?.resizeTmpfs(this.path, size) === true) this.#kernelSize = size;
  }

  #giveBack(): void {
    this.#promise?.[Symbol.dispose]();
    if (this.uid !== undefined) this.#parts.uids?.give(this.uid);
  }
}

function sum(one: DiskUsage, other: DiskUsage): DiskUsage {
  return { bytes: one.bytes + other.bytes, files: one.files + other.files };
}

/** A usage, moved into a range. */
function within(used: DiskUsage, least: DiskUsage, most: DiskUsage): DiskUsage {
  const clamp = (unit: keyof DiskUsage) => Math.min(Math.max(used[unit], least[unit]), most[unit]);
  return { bytes: clamp("bytes"), files: clamp("files") };
}

function tooFull(why: string): CodeBeakerError {
  return new CodeBeakerError("too_large", `Cannot start a program as ${why}: delete files first, by the files API`);
}

function sizeOption({ bytes, files }: DiskUsage): string {
  return `size=${bytes},nr_inodes=${files}`;
}
