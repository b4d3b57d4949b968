import { dirname, join } from "@std/path";
import { MEBIBYTE } from "../core/limits.ts";
import { mountsOf } from "./cgroup_mounts.ts";

/** The assumed memory where it cannot be read. */
const UNKNOWN_MB = 4_096;

/** The memory of this machine, or of the service's container, in MB. */
export function machineMemoryMb(): number {
  try {
    const bounds = boundFiles().map(readBound).filter((bound) => bound > 0);
    return Math.floor(Math.min(Deno.systemMemoryInfo().total, ...bounds) / MEBIBYTE);
  } catch {
    return UNKNOWN_MB; // The service may not read it.
  }
}

/**
 * The files of memory bounds for the service's own control group and those around it. Only those that the service sees
 * are listed (cgroups(7)).
 */
function boundFiles(): string[] {
  if (Deno.build.os !== "linux") return [];
  return mountsOf().flatMap(({ own, point, type }) => {
    const name = type === "cgroup2" ? "memory.max" : "memory.limit_in_bytes";
    const groups = [own];
    while (groups.at(-1) !== point && groups.at(-1)?.startsWith(point)) groups.push(dirname(groups.at(-1) ?? point));
    return groups.map((group) => join(group, name));
  });
}

/** Reads a bound; NaN without one, and for "max". */
function readBound(path: string): number {
  try {
    return Number(Deno.readTextFileSync(path));
  } catch {
    return NaN;
  }
}
