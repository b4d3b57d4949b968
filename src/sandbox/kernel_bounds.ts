import { type Limits, MEBIBYTE, tasksFor } from "../core/limits.ts";
import { BUBBLEWRAP_PROCESSES } from "./launchers/bubblewrap.ts";
import type { CgroupBounds } from "./cgroup.ts";
import type { ConfinedDirectory } from "./confined_directory.ts";
import type { ResourceLimits } from "./launchers/limiting_shell.ts";

/** The kernel's bound on descriptors. The watch on the processes ends a program far below it. */
const DESCRIPTORS_BOUND = 4_096;
/** Room above the disk limit for one file. With it, the watch sees the program above the limit. */
const FILE_MARGIN_BYTES = MEBIBYTE;
/**
 * Factor on the CPU limit. The kernel counts this time in ticks, which on a busy virtual machine exceed the time that a
 * program gets.
 */
const CPU_MARGIN = 1.5;
/** Room above the tasks of a control group. So the group refuses first, and counts that. */
const TASKS_MARGIN = 16;
/** Room above the memory limit. So the watch ends a program first, and reports more. */
const MEMORY_MARGIN_MB = 16;

/** The facts from which the kernel's bounds on a program follow. */
export interface BoundedProgram {
  readonly directory: ConfinedDirectory;
  readonly limits: Limits;
  /** Address space that the binary reserves as data before it runs any code, in bytes. */
  readonly reservedDataBytes: number;
  /** Whether the program may start other programs. */
  readonly startsOthers: boolean;
}

/** Bounds for the control group of a program. Files in a directory in memory count for the program that wrote them. */
export function groupBounds(program: Omit<BoundedProgram, "reservedDataBytes">): CgroupBounds {
  const { directory, limits } = program;
  const diskBytes = directory.isBounded ? directory.bounds.bytes : 0;
  return { memoryBytes: (limits.memoryMb + MEMORY_MARGIN_MB) * MEBIBYTE + diskBytes, tasks: tasksOf(program) };
}

/**
 * Resource limits for each process of a program. They are a little above the limits of the watch on the processes,
 * which is more exact: the kernel bounds CPU time in whole seconds, and data by the reserved size.
 */
export function resourceLimits(
  program: BoundedProgram,
  { hasCgroup }: { readonly hasCgroup: boolean },
): ResourceLimits {
  const { directory, limits, reservedDataBytes } = program;
  return {
    cpuSeconds: Math.ceil(limits.cpuMs * CPU_MARGIN / 1000) + 1,
    dataBytes: reservedDataBytes + 2 * limits.memoryMb * MEBIBYTE,
    // A file system of bounded size accepts files of every size, as far as they are holes.
    fileBytes: directory.isBounded ? undefined : directory.bounds.bytes + FILE_MARGIN_BYTES,
    descriptors: DESCRIPTORS_BOUND,
    // A group bounds tasks better: this limit counts all tasks of the user, ended ones that are not reaped included.
    ...(directory.uid === undefined || hasCgroup ? {} : { tasks: tasksOf(program) + TASKS_MARGIN }),
  };
}

/** Processes and threads that a program may have, with the launchers around it. */
function tasksOf({ limits, startsOthers }: Pick<BoundedProgram, "limits" | "startsOthers">): number {
  return tasksFor(startsOthers ? limits.maxProcesses : 1) + BUBBLEWRAP_PROCESSES;
}
