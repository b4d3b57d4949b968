import { MEBIBYTE } from "../core/limits.ts";
import type { GroupMemory } from "../process/process_group.ts";

/** What else a group holds is this many times what copies of files have room for, when there is hardly any. */
const HARDLY_ANY_ROOM = 8;
/** How many stalls are tolerated, and how many of them are forgiven per second. */
const TOLERATED = 16;
const FORGIVEN = 8;
/** With each stall the kernel reads at least as much, ahead of what is waited for. */
const READ_AT_ONCE_BYTES = MEBIBYTE / 4;

/**
 * Tells when a group of processes thrashes: it holds so much memory that the kernel takes the copies of its programs'
 * own code away and reads them again, over and over. As long as there is such a copy to take, for minutes, the kernel
 * kills nobody. A stall is a wait for what was there before; files that a program reads, and does not run, cause none.
 *
 * Source: `workingset_refault_file` and `pgmajfault` in the kernel's "Control Group v2", which version 1 counts too.
 */
export class Thrashing {
  #last: GroupMemory | undefined;
  #lastMs = 0;
  /** Less what is forgiven. */
  #stalls = 0;

  /** @param nowMs by a clock that never goes back */
  isSeen(memory: GroupMemory, nowMs: number): boolean {
    const last = this.#last ?? memory;
    const gained = Math.max(0, memory.cachedBytes - last.cachedBytes);
    const readInVain = Math.max(0, memory.rereadBytes - last.rereadBytes - gained);
    const stalls = Math.min(memory.majorFaults - last.majorFaults, readInVain / READ_AT_ONCE_BYTES);
    this.#stalls = Math.max(0, this.#stalls + stalls - FORGIVEN * (nowMs - this.#lastMs) / 1000);
    this.#last = memory;
    this.#lastMs = nowMs;
    const hasHardlyAnyRoom = memory.cachedBytes * HARDLY_ANY_ROOM < memory.anonymousBytes + memory.sharedBytes;
    return hasHardlyAnyRoom && this.#stalls > TOLERATED;
  }
}
