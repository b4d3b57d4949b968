import { join } from "@std/path";
import { removeTree } from "./remove_tree.ts";

const PREFIX = "codebeaker-";

/**
 * A directory of this process alone (mode 0700) for everything that lasts no longer than it. Disposing removes it; what a
 * killed process left is removed by the next one.
 *
 * Beside each directory lies a file of the same name with `.lock` that its process holds locked (flock(2)): the kernel
 * drops the lock with the process, so a lock that can be had tells that the directory is nobody's.
 */
export class Scratch implements AsyncDisposable {
  readonly path: string;
  readonly #lock: Deno.FsFile;
  #isDisposed = false;

  private constructor(path: string, lock: Deno.FsFile) {
    this.path = path;
    this.#lock = lock;
  }

  /** @param parent the directory for temporary files */
  static async open(parent: string): Promise<Scratch> {
    const path = join(parent, `${PREFIX}${crypto.randomUUID()}`);
    const lockPath = `${path}.lock`;
    const lock = await Deno.open(lockPath, { createNew: true, write: true, mode: 0o600 });
    lock.lockSync(true);
    await Deno.mkdir(path, { mode: 0o700 });
    await sweep(parent, path);
    return new Scratch(path, lock);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await removeTree(this.path);
    await removeTree(`${this.path}.lock`);
    this.#lock.close();
  }
}

async function sweep(parent: string, own: string): Promise<void> {
  for await (const { name } of Deno.readDir(parent)) {
    const path = join(parent, name.replace(/\.lock$/, ""));
    if (!name.startsWith(PREFIX) || path === own) continue;
    await removeIfDead(path).catch(() => {}); // Best effort: what cannot be removed stays for the next sweep, and hinders nobody.
  }
}

async function removeIfDead(path: string): Promise<void> {
  if ((await Deno.lstat(`${path}.lock`)).uid !== Deno.uid()) return;
  using lock = await Deno.open(`${path}.lock`, { write: true });
  if (!lock.tryLockSync(true)) return;
  await removeTree(path);
  await Deno.remove(`${path}.lock`);
}
