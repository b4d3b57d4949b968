import { COMPILER_LIMITS, filesFor, type Limits } from "../../../core/limits.ts";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import type { ContainerBounds } from "../engine/engine_containers.ts";
import { BUILD_DIRECTORY } from "../images/environments.ts";
import { PROGRAM_UID } from "./users.ts";

/** Tasks that do not count for a program. They are the init, the launcher, and an interpreter's own threads. */
const OWN_TASKS = 24;
/**
 * The service's processes in a container. They are init and launcher; in a session also the pause process and ending
 * ones.
 */
export const OWN_PROCESSES = { singleUse: 2, session: 6 };

/** Most pseudo terminals of a container. All containers and sandboxes of a machine share some 3,000. */
const MAX_TERMINALS = 64;
/** The volume with the pseudo terminals: devpts(5). It goes with its container; making it takes the Engine some ms. */
export const TERMINALS = {
  Type: "volume",
  Source: "",
  Target: "/dev/pts",
  VolumeOptions: {
    NoCopy: true,
    Labels: {},
    DriverConfig: {
      Name: "local",
      Options: { type: "devpts", device: "devpts", o: `nosuid,noexec,max=${MAX_TERMINALS},mode=0620,ptmxmode=0666` },
    },
  },
} as const;

const TEMPORARY_MB = 64;
const BUILD_MB = 384;
/** The least bounds for a compiler; programs in the same container get less. */
const COMPILER_BOUNDS: ContainerBounds = { memoryMb: COMPILER_LIMITS.memoryMb, tasks: 128 };
/** How far the kernel's bounds on files exceed the limits. So an exceeded limit can be observed. */
const MARGIN_MB = 5;

/** The limit on open descriptors of a process; the watch enforces it. */
export const MAX_DESCRIPTORS = 1_024;
/** The kernel's bound on open descriptors. Only a program faster than the watch meets it. */
export const DESCRIPTORS_BOUND = 4_096;

/** The bounds of a container while programs run in it, or while a compiler does. */
export function boundsOf(limits: Limits, { compiling }: { readonly compiling: boolean }): ContainerBounds {
  const tasks = limits.maxProcesses + OWN_TASKS;
  if (!compiling) return { memoryMb: limits.memoryMb, tasks };
  return {
    memoryMb: Math.max(limits.memoryMb, COMPILER_BOUNDS.memoryMb),
    tasks: Math.max(tasks, COMPILER_BOUNDS.tasks),
  };
}

/** The most memory in MB that the files of a container take. */
export function idleMemoryMb({ diskMb, memoryMb }: Limits): number {
  return Math.min(diskMb + Math.min(TEMPORARY_MB, diskMb), memoryMb);
}

/** The file systems in memory, by path, with their mount options. A sparse file may have any size. */
export function tmpfsOf(
  { compiles, limits }: { readonly compiles: boolean; readonly limits: Limits },
): Record<string, string> {
  const mount = (sizeMb: number, options: string) =>
    `rw,nosuid,nodev,${options},size=${sizeMb + MARGIN_MB}m,nr_inodes=${filesFor(sizeMb + MARGIN_MB)}`;
  return {
    [WORKSPACE_ROOT]: mount(limits.diskMb, `exec,mode=0700,uid=${PROGRAM_UID},gid=${PROGRAM_UID}`),
    "/tmp": mount(Math.min(TEMPORARY_MB, limits.diskMb), "noexec,mode=1777"),
    ...(compiles ? { [BUILD_DIRECTORY]: mount(BUILD_MB, `exec,mode=0700,uid=${PROGRAM_UID},gid=${PROGRAM_UID}`) } : {}),
  };
}
