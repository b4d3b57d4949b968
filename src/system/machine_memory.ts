import { MEBIBYTE } from "../core/limits.ts";

/** What is taken for all memory where nobody may look. */
const UNKNOWN_MB = 4_096;

/** Where a container reads the bound of its own memory, under both versions of the kernel's interface (cgroups(7)). */
const BOUNDS = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/** The memory of this machine, or of the container that this service is in, in MB. */
export function machineMemoryMb(): number {
  try {
    const bounds = BOUNDS.map(readBound).filter((bound) => bound > 0);
    return Math.floor(Math.min(Deno.systemMemoryInfo().total, ...bounds) / MEBIBYTE);
  } catch {
    return UNKNOWN_MB; // The service may not ask.
  }
}

/** NaN where there is none, or it says "max". */
function readBound(path: string): number {
  try {
    return Number(Deno.readTextFileSync(path));
  } catch {
    return NaN;
  }
}
