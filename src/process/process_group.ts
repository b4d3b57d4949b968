/** Linux's usual size of a page. With larger pages (some arm64 kernels) figures counted in pages are too low. */
export const PAGE_BYTES = 4096;

/** The kernel's counts for a group of processes. */
export interface GroupCounts {
  readonly cpuMs: number;
  /** Processes that the kernel killed because there was no more memory. */
  readonly outOfMemory: number;
  /** How often the kernel refused a process or thread because there were too many. */
  readonly refusedTasks: number;
}

/** The memory of a group at one moment, and its losses until then. */
export interface GroupMemory {
  /** Memory of no file. */
  readonly anonymousBytes: number;
  /** Files in memory, and memory that processes share. */
  readonly sharedBytes: number;
  /** Cached pages of files on disks, which the kernel may drop. */
  readonly cachedBytes: number;
  /**
   * All such pages that were ever dropped and read again. 0 from kernels that do not report them (Linux before 5.9).
   */
  readonly rereadBytes: number;
  /** How often a process waited for a page of a mapped file. Its own code is such a file. */
  readonly majorFaults: number;
}

/** Processes that the kernel counts and bounds together, with everything that they start. */
export interface ProcessGroup {
  counts(): GroupCounts;
  memory(): GroupMemory;
  /**
   * The ids of the group's processes.
   *
   * @throws when the group is gone, or this service has no descriptor left
   */
  members(): number[];
  /** Removes the group. Returns whether it is gone; it stays while a process is in it. */
  remove(): boolean;
}
