import { join } from "@std/path";
import { removeTree } from "./remove_tree.ts";

const PREFIX = "codebeaker-";
const LOCK_SUFFIX = ".lock";

/**
 * A directory of this process alone, for everything that lasts no longer than the process. Other users may pass through
 * it (mode 0711) to files of their own. Disposing removes it; the next process removes the directory of a killed one.
 *
 * Beside each directory lies a file of the same name with `.lock` that its process holds locked (flock(2)): the kernel
 * releases the lock with the process, so a free lock means that the directory has no owner.
 */
export class Scratch implements AsyncDisposable {
  readonly path: string;
  readonly #lock: Deno.FsFile;
  readonly #release: SweepOptions["release"];
  #isDisposed = false;

  private constructor(path: string, lock: Deno.FsFile, release: SweepOptions["release"]) {
    this.path = path;
    this.#lock = lock;
    this.#release = release;
  }

  /**
   * @param parent the directory for temporary files
   * @param options.release frees resources of a directory that removing files does not free, before the directory is
   * removed, and returns whether all are free; else the directory stays for the next process
   */
  static async open(
    parent: string,
    { release = () => Promise.resolve(true) }: Partial<Pick<SweepOptions, "release">> = {},
  ): Promise<Scratch> {
    const { lock, path } = makeLock(parent);
    await Deno.mkdir(path, { mode: 0o711 });
    await sweep(parent, { own: path, release });
    return new Scratch(path, lock, release);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (await this.#release(this.path)) {
      await removeTree(this.path);
      await removeTree(`${this.path}${LOCK_SUFFIX}`);
    }
    this.#lock.close();
  }
}

/**
 * Makes and locks the lock of a new directory. Nothing else of this process comes between the two: a sweep that had the
 * lock first would hold it while the owner waits for it. Another process that comes between removes the file, so
 * another file is made.
 */
function makeLock(parent: string): { readonly lock: Deno.FsFile; readonly path: string } {
  for (;;) {
    const path = join(parent, `${PREFIX}${crypto.randomUUID()}`);
    const lock = Deno.openSync(`${path}${LOCK_SUFFIX}`, { createNew: true, write: true, mode: 0o600 });
    if (lock.tryLockSync(true)) return { lock, path };
    lock.close();
  }
}

/** The directory that a sweep spares, and its step before each removal. */
interface SweepOptions {
  readonly own: string;
  release(path: string): Promise<boolean>;
}

async function sweep(parent: string, { own, release }: SweepOptions): Promise<void> {
  for await (const { name } of Deno.readDir(parent)) {
    if (!name.startsWith(PREFIX) || !name.endsWith(LOCK_SUFFIX)) continue;
    const path = join(parent, name.slice(0, -LOCK_SUFFIX.length));
    if (path === own) continue;
    await removeIfDead(path, release).catch(() => {}); // Best effort: the directory stays for the next sweep.
  }
}

async function removeIfDead(path: string, release: SweepOptions["release"]): Promise<void> {
  if ((await Deno.lstat(`${path}${LOCK_SUFFIX}`)).uid !== Deno.uid()) return;
  using lock = await Deno.open(`${path}${LOCK_SUFFIX}`, { write: true });
  if (!lock.tryLockSync(true)) return;
  if (!await release(path)) return;
  await removeTree(path);
  await Deno.remove(`${path}${LOCK_SUFFIX}`);
}
