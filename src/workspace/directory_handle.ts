import * as fs from "node:fs";
import { CodeBeakerError, systemCodeOf } from "../core/errors.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_NONBLOCK } = fs.constants;

/** Whether the service runs as root. Then its programs have other users, which get the files that it makes. */
const MAY_CHANGE_OWNER = Deno.build.os === "linux" &&
  Deno.permissions.querySync({ name: "sys", kind: "uid" }).state === "granted" &&
  Deno.uid() === 0;

/**
 * An open directory that reaches its names by descriptor (`/proc/self/fd/<n>/<name>`). So an operation stays in this
 * directory, whatever a program renames or links meanwhile. Without `/proc` it uses the path, and a program that swaps
 * a directory for a symlink at the right moment could redirect the operation.
 */
export class DirectoryHandle implements Disposable {
  readonly #fd: number;
  readonly #base: string;

  private constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#base = Deno.build.os === "linux" ? `/proc/self/fd/${fd}` : path;
  }

  /** Opens a directory that the service made. Its own path is trusted. */
  static openRoot(path: string): DirectoryHandle {
    return new DirectoryHandle(fs.openSync(path, O_RDONLY | O_DIRECTORY), path);
  }

  /** The path of a name in this directory. It serves one operation that does not follow a symlink at its end. */
  child(name: string): string {
    return `${this.#base}/${name}`;
  }

  /** The path of this directory itself. */
  get self(): string {
    return `${this.#base}/.`;
  }

  /** Identifies this directory, whatever its path. */
  get identity(): string {
    return identityOf(fs.fstatSync(this.#fd));
  }

  /** Opens a directory in this one, without following a symlink. */
  open(name: string): DirectoryHandle {
    const child = this.child(name);
    return new DirectoryHandle(fs.openSync(child, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), child);
  }

  /** Opens a directory in this one. Undefined when the name is missing or no directory. */
  openIfDirectory(name: string): DirectoryHandle | undefined {
    try {
      return this.open(name);
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ELOOP"].includes(systemCodeOf(error) ?? "")) return undefined;
      throw error;
    }
  }

  /** Reads the target of a symlink in this directory. Undefined when the name is missing or no symlink. */
  readLink(name: string): string | undefined {
    const child = this.child(name);
    return fs.lstatSync(child, { throwIfNoEntry: false })?.isSymbolicLink() ? fs.readlinkSync(child) : undefined;
  }

  /**
   * Opens a regular file in this directory. The caller closes the descriptor. It follows no links and waits for no
   * pipes. A new file gets the directory's owner.
   */
  openFile(name: string, { path, flags }: { readonly path: string; readonly flags: number }): number {
    const fd = fs.openSync(this.child(name), flags | O_NOFOLLOW | O_NONBLOCK, 0o600);
    const stats = fs.fstatSync(fd);
    if (stats.isFile()) {
      if ((flags & O_CREAT) !== 0 && stats.uid === 0) this.#changeOwner(fd);
      return fd;
    }
    fs.closeSync(fd);
    throw new CodeBeakerError("invalid_request", `Cannot open ${JSON.stringify(path)} as it must be a regular file`);
  }

  /**
   * Makes a regular file with the same owner in this directory. Undefined where the name is taken. The caller closes
   * the descriptor.
   */
  makeFile(name: string, { flags }: { readonly flags: number }): number | undefined {
    const child = this.child(name);
    if (fs.existsSync(child)) return undefined; // This check comes first, since an error takes ten times as long.
    try {
      const fd = fs.openSync(child, flags | O_CREAT | O_EXCL, 0o600);
      this.#changeOwner(fd);
      return fd;
    } catch (error) {
      if (systemCodeOf(error) === "EEXIST") return undefined; // A symlink that leads nowhere.
      throw error;
    }
  }

  /** Makes a directory with the same owner in this one. */
  makeDirectory(name: string): void {
    fs.mkdirSync(this.child(name), 0o700);
    if (!MAY_CHANGE_OWNER) return;
    using made = this.open(name);
    this.#changeOwner(made.#fd);
  }

  /** Makes a symlink with the same owner in this directory. */
  makeSymlink(target: string, name: string): void {
    fs.symlinkSync(target, this.child(name));
    const uid = this.#foreignOwner();
    if (uid !== undefined) fs.lchownSync(this.child(name), uid, uid);
  }

  [Symbol.dispose](): void {
    fs.closeSync(this.#fd);
  }

  #changeOwner(fd: number): void {
    const uid = this.#foreignOwner();
    if (uid !== undefined) fs.fchownSync(fd, uid, uid);
  }

  /** The owner of this directory, when that is another user and files may change owner. */
  #foreignOwner(): number | undefined {
    const { uid } = MAY_CHANGE_OWNER ? fs.fstatSync(this.#fd) : { uid: 0 };
    return uid === 0 ? undefined : uid;
  }
}

/** Identifies a file, whatever its path. */
export function identityOf({ dev, ino }: fs.Stats): string {
  return `${dev}:${ino}`;
}
