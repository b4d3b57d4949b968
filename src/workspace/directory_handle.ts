import * as fs from "node:fs";
import { CodeBeakerError } from "../core/errors.ts";
import { outside } from "../core/workspace_path.ts";

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_NONBLOCK } = fs.constants;

/** Whether this service's own files would be another's than the programs', which then could not change them. */
const MAY_GIVE_AWAY = Deno.build.os === "linux" &&
  Deno.permissions.querySync({ name: "sys", kind: "uid" }).state === "granted" &&
  Deno.uid() === 0;

/**
 * An open directory, through which names in it are reached by descriptor and not by path (`/proc/self/fd/<n>/<name>`):
 * whatever a program renames or links meanwhile, the operation stays in this directory. Where there is no `/proc` the
 * path is used, and a program that swaps a directory for a symlink at the right moment could lead it astray.
 */
export class DirectoryHandle implements Disposable {
  readonly #fd: number;
  readonly #base: string;

  private constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#base = Deno.build.os === "linux" ? `/proc/self/fd/${fd}` : path;
  }

  /** A directory that the service itself made; its own path is trusted. */
  static openRoot(path: string): DirectoryHandle {
    return new DirectoryHandle(fs.openSync(path, O_RDONLY | O_DIRECTORY), path);
  }

  /** The path of a name in this directory, good for one operation that does not follow a symlink at its end. */
  child(name: string): string {
    return `${this.#base}/${name}`;
  }

  /** The path of this directory itself. */
  get self(): string {
    return `${this.#base}/.`;
  }

  /** What tells this directory from every other, by whatever path it is reached. */
  get identity(): string {
    return identityOf(fs.fstatSync(this.#fd));
  }

  /** A directory in this one; a symlink is none. */
  open(name: string): DirectoryHandle {
    const child = this.child(name);
    return new DirectoryHandle(fs.openSync(child, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), child);
  }

  /** The same; undefined when the name is none, or is not there. */
  openIfDirectory(name: string): DirectoryHandle | undefined {
    try {
      return this.open(name);
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ELOOP"].includes(systemCodeOf(error) ?? "")) return undefined;
      throw error;
    }
  }

  /** Where a symlink in this directory points; undefined when the name is none, or is not there. */
  readLink(name: string): string | undefined {
    const child = this.child(name);
    return fs.lstatSync(child, { throwIfNoEntry: false })?.isSymbolicLink() ? fs.readlinkSync(child) : undefined;
  }

  /**
   * A regular file in this directory, as a descriptor that the caller closes. Never follows a link or waits for a pipe.
   * One that is made belongs to whoever owns the directory.
   */
  openFile(name: string, { path, flags }: { readonly path: string; readonly flags: number }): number {
    const fd = fs.openSync(this.child(name), flags | O_NOFOLLOW | O_NONBLOCK, 0o600);
    const stats = fs.fstatSync(fd);
    if (stats.isFile()) {
      if ((flags & O_CREAT) !== 0 && stats.uid === 0) this.#give(fd);
      return fd;
    }
    fs.closeSync(fd);
    throw new CodeBeakerError("invalid_request", `Cannot open ${JSON.stringify(path)} as it must be a regular file`);
  }

  /** Makes a directory in this one, for whoever owns this one. */
  makeDirectory(name: string): void {
    fs.mkdirSync(this.child(name), 0o700);
    if (!MAY_GIVE_AWAY) return;
    using made = this.open(name);
    this.#give(made.#fd);
  }

  /** Makes a symlink in this directory, for whoever owns it. */
  makeSymlink(target: string, name: string): void {
    fs.symlinkSync(target, this.child(name));
    const uid = this.#foreignOwner();
    if (uid !== undefined) fs.lchownSync(this.child(name), uid, uid);
  }

  [Symbol.dispose](): void {
    fs.closeSync(this.#fd);
  }

  #give(fd: number): void {
    const uid = this.#foreignOwner();
    if (uid !== undefined) fs.fchownSync(fd, uid, uid);
  }

  /** Whose this directory is, when that is not this service and it may give files away. */
  #foreignOwner(): number | undefined {
    const { uid } = MAY_GIVE_AWAY ? fs.fstatSync(this.#fd) : { uid: 0 };
    return uid === 0 ? undefined : uid;
  }
}

/** What tells a file from every other, by whatever path it is reached. */
export function identityOf({ dev, ino }: fs.Stats): string {
  return `${dev}:${ino}`;
}

/**
 * A file system error as a caller's: what is missing, in the way, or a symlink. Anything else is passed on as it is.
 */
export function translate(error: unknown, path: string): unknown {
  const shown = JSON.stringify(path);
  switch (systemCodeOf(error)) {
    case "ENOENT":
      return new CodeBeakerError("not_found", `Cannot find ${shown} in the workspace`, { cause: error });
    case "EEXIST":
      return new CodeBeakerError("conflict", `Cannot create ${shown} as it exists already`, { cause: error });
    case "ENOTEMPTY":
      return new CodeBeakerError("conflict", `Cannot use ${shown} as the directory is not empty`, { cause: error });
    case "ELOOP":
      return outside(path, { why: "it holds a symlink" });
    case "ENOTDIR":
      return new CodeBeakerError("invalid_request", `Cannot use ${shown} as a part of it is no directory`, {
        cause: error,
      });
    case "EISDIR":
      return new CodeBeakerError("invalid_request", `Cannot use ${shown} as a file as it is a directory`, {
        cause: error,
      });
    case "EACCES":
    case "EPERM":
      return new CodeBeakerError("permission_denied", `Cannot use ${shown} as its permissions do not allow it`, {
        cause: error,
      });
    case "ENXIO":
      return new CodeBeakerError("invalid_request", `Cannot open ${shown} as it must be a regular file`, {
        cause: error,
      });
    case "EINVAL":
      return new CodeBeakerError("invalid_request", `Cannot use ${shown} this way`, { cause: error });
    case "ENOSPC":
    case "EDQUOT":
    case "EROFS":
    case "EMFILE":
    case "ENFILE":
      return new CodeBeakerError("runtime_unavailable", `Cannot use ${shown} now as this machine has no room for it`, {
        cause: error,
      });
    default:
      return error;
  }
}

/** The code that `node:fs` puts on its errors. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
