import { dirname, join } from "@std/path";
import { MEBIBYTE } from "../core/limits.ts";
import { mountsOf } from "./cgroup_mounts.ts";

/** The assumed memory where it cannot be read. */
const UNKNOWN_MB = 4_096;

/** The memory of this machine, or of the container that this service is in, in MB. */
export function machineMemoryMb(): number {
  try {
    const bounds = boundFiles().map(readBound).filter((bound) => bound > 0);
    return Math.floor(Math.min(Deno.systemMemoryInfo().total, ...bounds) / MEBIBYTE);
  } catch {
    return UNKNOWN_MB; // The service may not ask.
  }
}

/** The bounds of the group that this service is in, and of those around it, as far as it sees them (cgroups(7)). */
function boundFiles(): string[] {
  if (Deno.build.os !== "linux") return [];
  return mountsOf().flatMap(({ own, point, type }) => {
    const name = type === "cgroup2" ? "memory.max" : "memory.limit_in_bytes";
    const groups = [own];
    while (groups.at(-1) !== point && groups.at(-1)?.startsWith(point)) groups.push(dirname(groups.at(-1) ?? point));
    return groups.map((group) => join(group, name));
  });
}

/** NaN where there is none, or it says "max". */
function readBound(path: string): number {
  try {
    return Number(Deno.readTextFileSync(path));
  } catch {
    return NaN;
  }
}
