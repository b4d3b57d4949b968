/** Linux's usual size of a page: with larger ones (some arm64 kernels) what is counted in pages reads too low. */
export const PAGE_BYTES = 4096;

/** What the kernel counts of a group of processes. */
export interface GroupCounts {
  readonly cpuMs: number;
  /** Processes that were killed since there was no more memory. */
  readonly outOfMemory: number;
  /** How often a process or thread could not be made since there were too many. */
  readonly refusedTasks: number;
}

/** What a group holds in memory at one moment, and what it lost of that before. */
export interface GroupMemory {
  /** That is no file's. */
  readonly anonymousBytes: number;
  /** Files that lie in memory, and what processes share. */
  readonly sharedBytes: number;
  /** Copies of what lies on disks, which the kernel may take away. */
  readonly cachedBytes: number;
  /** Of such copies, all that were ever taken away and read again; 0 from kernels that do not tell (Linux before 5.9). */
  readonly rereadBytes: number;
  /** How often a process had to wait until a page of a file was read that it has mapped, as its own code is. */
  readonly majorFaults: number;
}

/** Processes that the kernel counts and bounds together, with everything that they start. */
export interface ProcessGroup {
  counts(): GroupCounts;
  memory(): GroupMemory;
  /** The ids of its processes. @throws when the group is gone, or this service has no descriptor left */
  members(): number[];
  /** Removes the group. Returns whether it is gone; it stays while a process is in it. */
  remove(): boolean;
}
