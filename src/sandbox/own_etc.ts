import * as fs from "node:fs";
import { dirname, join } from "@std/path";
import { MEBIBYTE } from "../core/limits.ts";
import type { SystemCalls } from "../host/system_calls.ts";
import { LOADER_FILES, PROGRAM_FILES } from "./system_files.ts";

/** The user id of a program with a generated `/etc`, in the program's own namespace. */
export const PROGRAM_UID = 1000;

/** Texts of `/etc` about users, hosts and look-ups. They reveal nothing about this machine. */
const TEXTS: Readonly<Record<string, string>> = {
  "/etc/passwd":
    `root:x:0:0:root:/nonexistent:/usr/sbin/nologin\nprogram:x:${PROGRAM_UID}:${PROGRAM_UID}::/workspace:/bin/sh\n`,
  "/etc/group": `root:x:0:\nprogram:x:${PROGRAM_UID}:\n`,
  "/etc/hosts": "127.0.0.1 localhost codebeaker\n::1 localhost\n",
  "/etc/hostname": "codebeaker\n",
  "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
};

/** Options of a file system in memory for hundreds of such directories. Each takes some 300 KB and 400 files. */
const MOUNT_OPTIONS = `size=${256 * MEBIBYTE},nr_inodes=262144,mode=0755`;

/**
 * Generated directories that programs find as `/etc`. They hold neutral texts, and copies of the files that the dynamic
 * loader and packages have there. Each is made on first use, since most services never need one. When the machine's
 * files have changed, a new directory is made: programs still use the old one.
 */
export class OwnEtc {
  readonly #directory: string;
  readonly #made = new Map<string, string>();
  readonly #mounting: Pick<SystemCalls, "mountTmpfs"> | undefined;

  /**
   * @param directory where the directories are made
   * @param mounting mounts a file system for the directories there; absent, they lie in the parent's file system. The
   *   removal of the parent unmounts it. `/proc/self/mountinfo` shows a program the path of its `/etc` in that file
   *   system
   */
  constructor(directory: string, mounting?: Pick<SystemCalls, "mountTmpfs">) {
    this.#directory = join(directory, "etc");
    this.#mounting = mounting;
  }

  /** The directory that has them all. */
  get directory(): string {
    return this.#directory;
  }

  /**
   * Returns the directory with copies of these paths below `/etc` and with these texts. A path that does not exist is
   * not copied; texts go by their paths.
   *
   * @throws the error of the system
   */
  with(paths: readonly string[], texts: Readonly<Record<string, string>> = {}): string {
    const key = JSON.stringify([paths, texts, [...LOADER_FILES, ...PROGRAM_FILES, ...paths].map(changedAt)]);
    if (this.#made.size === 0) this.#mount();
    const made = this.#made.get(key) ?? this.#make(join(this.#directory, `etc_${this.#made.size}`), { paths, texts });
    this.#made.set(key, made);
    return made;
  }

  #mount(): void {
    if (fs.existsSync(this.#directory)) return; // An attempt to make a directory below it failed.
    fs.mkdirSync(this.#directory, { mode: 0o755 });
    try {
      this.#mounting?.mountTmpfs(this.#directory, MOUNT_OPTIONS);
    } catch {
      // Best effort: the directories lie in the parent's file system.
    }
  }

  #make(
    directory: string,
    { paths, texts }: { readonly paths: readonly string[]; readonly texts: Readonly<Record<string, string>> },
  ): string {
    const within = (path: string) => join(directory, path.slice("/etc/".length));
    fs.rmSync(directory, { recursive: true, force: true }); // A failed attempt may have left one.
    fs.mkdirSync(directory, { recursive: true, mode: 0o755 });
    for (const path of [...LOADER_FILES, ...PROGRAM_FILES, ...paths]) copy(path, within(path));
    for (const [path, text] of Object.entries({ ...TEXTS, ...texts })) {
      fs.mkdirSync(dirname(within(path)), { recursive: true, mode: 0o755 });
      fs.writeFileSync(within(path), text, { mode: 0o644 });
    }
    return directory;
  }
}

/** When a file or the entries of a directory changed. Undefined where the path does not exist. */
function changedAt(path: string): number | undefined {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/**
 * Copies a file or a tree of this machine, without following symlinks. A path that does not exist is not copied.
 * `cpSync` takes twice as long for the hundreds of symlinks there.
 */
function copy(source: string, target: string): void {
  const info = fs.lstatSync(source, { throwIfNoEntry: false });
  if (info === undefined) return;
  fs.mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  copyEntry(info, { source, target });
}

function copyEntry(
  entry: Pick<fs.Dirent, "isDirectory" | "isFile" | "isSymbolicLink">,
  { source, target }: { readonly source: string; readonly target: string },
): void {
  if (entry.isSymbolicLink()) return fs.symlinkSync(fs.readlinkSync(source), target);
  if (entry.isFile()) return fs.copyFileSync(source, target);
  if (!entry.isDirectory()) return;
  fs.mkdirSync(target, { recursive: true, mode: 0o755 });
  for (const below of fs.readdirSync(source, { withFileTypes: true })) {
    copyEntry(below, { source: join(source, below.name), target: join(target, below.name) });
  }
}
