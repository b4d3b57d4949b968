import { join } from "@std/path";
import { CodeBeakerError } from "../core/errors.ts";
import { delay } from "../concurrency/delay.ts";

/** Whether the service of an id still runs. */
export type InstanceState = "alive" | "gone" | "unknown";

/** Names below a service's home: the file of its identity, and the directory of locks. */
const ID_FILE = "instance";
const LOCKS = "instances";
/** How long the lock file of a killed process is kept. By it, another service learns that the process is gone. */
const LOCK_RETENTION_MS = 7 * 24 * 3_600_000;
/** Tries to get a lock. A service that checks another's state holds that one's lock for a moment. */
const LOCK_TRIES = 4;
const LOCK_INTERVAL_MS = 20;

/**
 * The identity of a service, which labels everything that it leaves outside its process. A file of that name under
 * `instances` in the home is locked (flock(2)) as long as the service lives: the kernel releases the lock with the
 * process.
 */
export class Instance implements Disposable {
  readonly id: string;
  /** The lock file. From it, any service that can see it learns whether this service lives. */
  readonly lockPath: string;
  /** Whether a restarted service gets this identity again. */
  readonly isLasting: boolean;
  readonly #lock: Deno.FsFile;
  #leavesTrace: boolean;
  #isDisposed = false;

  private constructor(id: string, options: { lockPath: string; lock: Deno.FsFile; isLasting: boolean }) {
    this.id = id;
    this.lockPath = options.lockPath;
    this.isLasting = options.isLasting;
    this.#lock = options.lock;
    this.#leavesTrace = options.isLasting;
  }

  /**
   * Opens the identity that a home keeps; a restarted service gets it again.
   *
   * @throws {CodeBeakerError} `invalid_request` when another living service has it
   */
  static async openLasting(home: string): Promise<Instance> {
    await Deno.mkdir(join(home, LOCKS), { recursive: true, mode: 0o700 });
    const id = await readOrMakeId(join(home, ID_FILE));
    const instance = await Instance.#open(home, { id, isLasting: true });
    if (instance === undefined) {
      throw new CodeBeakerError(
        "invalid_request",
        `Cannot use the home directory ${home} as another service does: give this one its own with --home`,
      );
    }
    await sweep(join(home, LOCKS), id);
    return instance;
  }

  /** Opens an identity for this process alone. */
  static async openPassing(home: string): Promise<Instance> {
    await Deno.mkdir(join(home, LOCKS), { recursive: true, mode: 0o700 });
    const instance = await Instance.#open(home, { id: crypto.randomUUID(), isLasting: false });
    if (instance === undefined) throw new Error("Another process has locked this process's own file");
    return instance;
  }

  /**
   * Returns whether a service lives. A service is gone when its lock is free; where its lock file cannot be read, its
   * state is unknown.
   */
  static async stateOf({ id, lockPath }: { readonly id: string; readonly lockPath: string }): Promise<InstanceState> {
    try {
      if (await Deno.readTextFile(lockPath) !== id) return "unknown";
      using file = await Deno.open(lockPath, { write: true });
      return file.tryLockSync(true) ? "gone" : "alive";
    } catch {
      return "unknown"; // The file is another host's or user's, or removed: it proves nothing.
    }
  }

  /** Whether a process has an identity of a home, beside the one of an id. A file that cannot be read counts as one. */
  static async othersLive(home: string, own: string | undefined): Promise<boolean> {
    const locks = join(home, LOCKS);
    try {
      for await (const { name } of Deno.readDir(locks)) {
        if (name !== own && await Instance.stateOf({ id: name, lockPath: join(locks, name) }) !== "gone") return true;
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return false;
  }

  /**
   * Keeps the lock file, since something of this process could not be removed. By it, another service learns that it
   * may remove the rest.
   */
  leaveTrace(): void {
    this.#leavesTrace = true;
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    using _lock = this.#lock;
    if (!this.#leavesTrace) Deno.removeSync(this.lockPath);
  }

  static async #open(
    home: string,
    { id, isLasting }: { readonly id: string; readonly isLasting: boolean },
  ): Promise<Instance | undefined> {
    const lockPath = join(home, LOCKS, id);
    const lock = await Deno.open(lockPath, { create: true, write: true, mode: 0o600 });
    for (let tries = 1; !lock.tryLockSync(true); tries++) {
      if (tries === LOCK_TRIES) {
        lock.close();
        return undefined;
      }
      await delay(LOCK_INTERVAL_MS);
    }
    await lock.truncate();
    await lock.write(new TextEncoder().encode(id));
    return new Instance(id, { lockPath, lock, isLasting });
  }
}

/** Removes lock files of processes that were killed long ago. */
async function sweep(locks: string, own: string): Promise<void> {
  for await (const { name } of Deno.readDir(locks)) {
    if (name !== own) await removeOld(join(locks, name), name).catch(() => {}); // Best effort: the file was removed meanwhile.
  }
}

async function removeOld(lockPath: string, id: string): Promise<void> {
  const { mtime } = await Deno.stat(lockPath);
  if (mtime === null || Date.now() - mtime.getTime() < LOCK_RETENTION_MS) return;
  if (await Instance.stateOf({ id, lockPath }) === "gone") await Deno.remove(lockPath);
}

/** Reads or makes an id, atomically. Two callers at the same time get the same id. */
async function readOrMakeId(path: string): Promise<string> {
  const made = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(made, crypto.randomUUID(), { createNew: true, mode: 0o600 });
  try {
    await Deno.link(made, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    await Deno.remove(made);
  }
  return (await Deno.readTextFile(path)).trim();
}
