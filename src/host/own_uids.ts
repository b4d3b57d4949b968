import { join } from "@std/path";

/**
 * User ids for services alone. systemd leaves the numbers free (systemd's "Users, Groups, UIDs and GIDs on systemd
 * systems", 0x70000001 to 0x7FFFFFFE). Each service of this machine holds one block of them.
 */
const FIRST_UID = 0x7000_0000;
const BLOCK_SIZE = 0x1_0000;
const BLOCKS = 0xfff;

/**
 * Directory of the locks by which services of this machine claim blocks. A lock (flock(2)) is released with its
 * process.
 */
const LOCKS_DIRECTORY = "/run/codebeaker";

/** Whether a user belongs to a service's block, this service's or another's. */
export function isOwnUid(uid: number): boolean {
  return uid >= FIRST_UID && uid < FIRST_UID + (BLOCKS + 1) * BLOCK_SIZE;
}

/**
 * A user for each execution environment, so that the kernel separates them. It separates files, signals, and counts per
 * user.
 */
export class OwnUids implements Disposable {
  readonly #lock: Deno.FsFile;
  readonly #first: number;
  readonly #taken = new Set<number>();
  /**
   * The next user to try. It begins at random: processes of the last service's programs may not be reaped yet, and
   * count for their users.
   */
  #next = crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;

  private constructor(lock: Deno.FsFile, block: number) {
    this.#lock = lock;
    this.#first = FIRST_UID + block * BLOCK_SIZE;
  }

  /** Takes a block. Undefined where this service is not root, or cannot lock a block. */
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
      // No lock can be written: another service may hold the same block.
    }
    return undefined;
  }

  /**
   * Takes a user, until {@link give}.
   *
   * @throws {Error} when all are taken
   */
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
