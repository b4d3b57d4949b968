import { MEBIBYTE } from "../core/limits.ts";
import type { CgroupMemory } from "./cgroup.ts";

/** What else a group holds is this many times what copies of files have room for, when there is hardly any. */
const HARDLY_ANY_ROOM = 8;
/** How much may be read again in vain, and how fast that is forgiven, per second. */
const TOLERATED_BYTES = 32 * MEBIBYTE;
const FORGIVEN_BYTES = 8 * MEBIBYTE;

/**
 * Tells when a group of processes thrashes: it holds so much memory that the kernel takes the copies of its programs'
 * own code away and reads them again, over and over. As long as there is such a copy to take, for minutes, the kernel
 * kills nobody.
 *
 * Source: `workingset_refault_file` in the kernel's "Control Group v2", which version 1 counts too.
 */
export class Thrashing {
  #last: CgroupMemory | undefined;
  #lastMs = 0;
  /** What was read again and found no place, in bytes, less what is forgiven. */
  #inVain = 0;

  /** @param nowMs by a clock that never goes back */
  isSeen(memory: CgroupMemory, nowMs: number): boolean {
    const { rereadBytes, cachedBytes } = this.#last ?? memory;
    const gained = Math.max(0, memory.cachedBytes - cachedBytes);
    const forgiven = FORGIVEN_BYTES * (nowMs - this.#lastMs) / 1000;
    this.#inVain = Math.max(0, this.#inVain + memory.rereadBytes - rereadBytes - gained - forgiven);
    this.#last = memory;
    this.#lastMs = nowMs;
    const hasHardlyAnyRoom = memory.cachedBytes * HARDLY_ANY_ROOM < memory.anonymousBytes + memory.sharedBytes;
    return hasHardlyAnyRoom && this.#inVain > TOLERATED_BYTES;
  }
}
