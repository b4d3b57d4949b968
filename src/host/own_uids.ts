import { join } from "@std/path";

/**
 * Users of this service alone: numbers that systemd leaves free (systemd's "Users, Groups, UIDs and GIDs on
 * systemd systems", 0x70000001 to 0x7FFFFFFE), in blocks of which each service of this machine holds one.
 */
const FIRST_UID = 0x7000_0000;
const BLOCK_SIZE = 0x1_0000;
const BLOCKS = 0xfff;

/** Where services of this machine tell each other which block they hold: a lock (flock(2)) falls with its process. */
const LOCKS_DIRECTORY = "/run/codebeaker";

/** Whether a user is of a service's own, this one's or another's. */
export function isOwnUid(uid: number): boolean {
  return uid >= FIRST_UID && uid < FIRST_UID + (BLOCKS + 1) * BLOCK_SIZE;
}

/** A user for each execution environment, so that the kernel keeps them apart: files, signals, what counts per user. */
export class OwnUids implements Disposable {
  readonly #lock: Deno.FsFile;
  readonly #first: number;
  readonly #taken = new Set<number>();
  /** Somewhere in the block: what the last service's programs left may not be reaped yet, and counts for their users. */
  #next = crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;

  private constructor(lock: Deno.FsFile, block: number) {
    this.#lock = lock;
    this.#first = FIRST_UID + block * BLOCK_SIZE;
  }

  /** Takes a block; undefined where this service is not root, or cannot tell others what it holds. */
  static open(directory = LOCKS_DIRECTORY): OwnUids | undefined {
    if (Deno.build.os !== "linux" || Deno.uid() !== 0) return undefined;
    try {
      Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
      for (let block = 1; block <= BLOCKS; block++) {
        const lock = Deno.openSync(join(directory, `uids-${block}.lock`), { create: true, write: true, mode: 0o600 });
        if (lock.tryLockSync(true)) return new OwnUids(lock, block);
        lock.close();
      }
    } catch {
      // Nowhere to write it down: a block that another service may hold too is none of its own.
    }
    return undefined;
  }

  /** A user that is given back with {@link give}. @throws {Error} when all are taken */
  take(): number {
    for (let tried = 0; tried < BLOCK_SIZE; tried++) {
      const uid = this.#first + this.#next;
      this.#next = (this.#next + 1) % BLOCK_SIZE;
      if (this.#taken.has(uid)) continue;
      this.#taken.add(uid);
      return uid;
    }
    throw new Error(`all ${BLOCK_SIZE} users are taken`);
  }

  give(uid: number): void {
    this.#taken.delete(uid);
  }

  [Symbol.dispose](): void {
    this.#lock.close();
  }
}
