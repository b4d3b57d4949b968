import { join } from "@std/path";
import { CodeBeakerError } from "../core/errors.ts";
import { delay } from "../concurrency/delay.ts";

/** Whether the service of an id still runs. */
export type InstanceState = "alive" | "gone" | "unknown";

/** Where a service's own identity is kept below its home. */
const ID_FILE = "instance";
const LOCKS = "instances";
/** How long the lock of a killed process is kept, by which a reaper finds out that it is gone. */
const KEPT_MS = 7 * 24 * 3_600_000;
/** Who asks after a service's fate holds its lock for a moment. */
const LOCK_TRIES = 4;
const LOCK_INTERVAL_MS = 20;

/**
 * The identity of a service, which what it leaves outside its process carries as a label. A file of that name under
 * `instances` in the home is held locked (flock(2)) as long as the service lives: the kernel drops the lock with it.
 */
export class Instance implements Disposable {
  readonly id: string;
  /** The file by which any service that can see it finds out whether this one lives. */
  readonly lockPath: string;
  readonly #lock: Deno.FsFile;
  #leavesTrace: boolean;
  #isDisposed = false;

  private constructor(id: string, options: { lockPath: string; lock: Deno.FsFile; isLasting: boolean }) {
    this.id = id;
    this.lockPath = options.lockPath;
    this.#lock = options.lock;
    this.#leavesTrace = options.isLasting;
  }

  /**
   * The identity that a home keeps, which a restarted service has again.
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

  /** An identity for this process alone. */
  static async openPassing(home: string): Promise<Instance> {
    await Deno.mkdir(join(home, LOCKS), { recursive: true, mode: 0o700 });
    const instance = await Instance.#open(home, { id: crypto.randomUUID(), isLasting: false });
    if (instance === undefined) throw new Error("Somebody else has locked a file of this process's own");
    return instance;
  }

  /** A service is gone when its lock is free; where its lock file cannot be read, its state is unknown. */
  static async stateOf({ id, lockPath }: { readonly id: string; readonly lockPath: string }): Promise<InstanceState> {
    try {
      if (await Deno.readTextFile(lockPath) !== id) return "unknown";
      using file = await Deno.open(lockPath, { write: true });
      return file.tryLockSync(true) ? "gone" : "alive";
    } catch {
      return "unknown"; // Another host's, another user's, or removed: whatever it is, it proves nothing.
    }
  }

  /** Something of this process could not be removed: the lock stays, by which another service finds out that it may do so. */
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
    if (name !== own) await removeOld(join(locks, name), name).catch(() => {}); // Best effort: it went meanwhile.
  }
}

async function removeOld(lockPath: string, id: string): Promise<void> {
  const { mtime } = await Deno.stat(lockPath);
  if (mtime === null || Date.now() - mtime.getTime() < KEPT_MS) return;
  if (await Instance.stateOf({ id, lockPath }) === "gone") await Deno.remove(lockPath);
}

/** Reads or makes an id, atomically: two callers at the same time get the same one. */
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
