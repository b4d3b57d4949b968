import { MEBIBYTE } from "../core/limits.ts";
import type { GroupMemory } from "../process/process_group.ts";

/** Cached files count as scarce when the group's other memory is this many times larger. */
const SCARCITY_FACTOR = 8;
/** Most stalls that are tolerated, and stalls that are forgotten per second. */
const MAX_STALLS = 16;
const FORGOTTEN_PER_S = 8;
/** Least bytes that the kernel reads with each stall, since it reads ahead. */
const READ_AT_ONCE_BYTES = MEBIBYTE / 4;

/**
 * Detects that a group of processes thrashes. Such a group holds so much memory that the kernel drops the cached pages
 * of its programs' own code and reads them again, over and over. As long as there is such a page to drop, for minutes,
 * the kernel kills no process. A stall is a wait for a page that was in memory before; files that a program reads, and
 * does not run, cause none.
 *
 * Source: `workingset_refault_file` and `pgmajfault` in the kernel's "Control Group v2", which version 1 counts too.
 */
export class Thrashing {
  #last: GroupMemory | undefined;
  #lastMs = 0;
  /** Stalls so far, less the forgotten ones. */
  #stalls = 0;

  /** @param nowMs the time by a clock that never goes back */
  isSeen(memory: GroupMemory, nowMs: number): boolean {
    const last = this.#last ?? memory;
    const gained = Math.max(0, memory.cachedBytes - last.cachedBytes);
    const readInVain = Math.max(0, memory.rereadBytes - last.rereadBytes - gained);
    const stalls = Math.min(memory.majorFaults - last.majorFaults, readInVain / READ_AT_ONCE_BYTES);
    this.#stalls = Math.max(0, this.#stalls + stalls - FORGOTTEN_PER_S * (nowMs - this.#lastMs) / 1000);
    this.#last = memory;
    this.#lastMs = nowMs;
    const hasScarceCache = memory.cachedBytes * SCARCITY_FACTOR < memory.anonymousBytes + memory.sharedBytes;
    return hasScarceCache && this.#stalls > MAX_STALLS;
  }
}
