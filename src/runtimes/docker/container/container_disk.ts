import * as fs from "node:fs";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import type { DiskUsage } from "../../../host/size_watch.ts";
import { BUILD_DIRECTORY } from "../images/environments.ts";
import type { FinalDisk } from "../program/ending.ts";

/** The file systems that count for the disk limit. */
const COUNTED = [WORKSPACE_ROOT, "/tmp"];
/** With fewer free blocks or inodes than these, a file system is full. `launch.sh` has the same numbers. */
const MIN_FREE_BLOCKS = 8;
const MIN_FREE_INODES = 2;

/**
 * The usage of a container's file systems. Synchronous, since a trip through the thread pool takes longer than the calls.
 *
 * @throws {Error} where this service may not read below `root`
 */
export function readDiskUsage(root: string): DiskUsage {
  return usageOf(COUNTED.map((path) => fs.statfsSync(root + path)));
}

/**
 * The usage of a container's file systems, and whether one is full. The compilers' one can be full too.
 *
 * @throws {Error} where this service may not read below `root`
 */
export function readDiskNow(root: string): FinalDisk {
  const counted = COUNTED.map((path) => fs.statfsSync(root + path));
  const build = fs.existsSync(root + BUILD_DIRECTORY) ? [fs.statfsSync(root + BUILD_DIRECTORY)] : [];
  return { isFull: [...counted, ...build].some(isFull), usage: usageOf(counted) };
}

function usageOf(fileSystems: readonly fs.StatsFs[]): DiskUsage {
  return fileSystems.reduce((total, { bfree, blocks, bsize, ffree, files }) => ({
    bytes: total.bytes + (blocks - bfree) * bsize,
    files: total.files + files - ffree - 1, // The root directory takes one inode.
  }), { bytes: 0, files: 0 });
}

function isFull({ bavail, ffree, files }: fs.StatsFs): boolean {
  return bavail < MIN_FREE_BLOCKS || (files > 0 && ffree < MIN_FREE_INODES);
}
