import * as fs from "node:fs";
import { join } from "@std/path";
import { delay } from "../../../concurrency/delay.ts";
import { mountsOf } from "../../../host/cgroup_mounts.ts";
import type { DiskUsage } from "../../../host/size_watch.ts";
import type { UsageSample } from "../../../process/child_processes.ts";
import type { GroupCounts } from "../../../process/process_group.ts";
import { descriptorsOf } from "../../../process/process_tree.ts";
import { Cgroup } from "../../../sandbox/cgroup.ts";
import { Thrashing } from "../../../sandbox/thrashing.ts";
import type { FinalDisk } from "../program/ending.ts";
import { readDiskNow, readDiskUsage } from "./container_disk.ts";
import { PAUSE_UID, PROGRAM_UID } from "./users.ts";

/** The group's path with each of the Engine's cgroup drivers (dockerd(8), `native.cgroupdriver`). */
const GROUP_PATHS: readonly ((containerId: string) => string)[] = [
  (id) => `docker/${id}`,
  (id) => `system.slice/docker-${id}.scope`,
];
const KILL_TRIES = 50;
const KILL_INTERVAL_MS = 2;

/** The counts of a container's group before a program begins. */
export interface InitialCounts extends GroupCounts {
  /**
   * The peak before the program, as the kernel keeps one for a container's whole life. It is 0 for the first program
   * unless a compiler ran before: the container's start counts to that program.
   */
  readonly peakMemoryBytes: number;
}

/**
 * The control group of a container on this machine. Sampling costs the Engine and the container nothing, and killing
 * works where the container may start no process.
 */
export class ContainerGroup {
  readonly #group: Cgroup;
  /** Whether the group's processes are the program's own. With another kernel they are that kernel's threads. */
  readonly #seesInside: boolean;
  #hasRun = false;
  #thrashing = new Thrashing();

  constructor(group: Cgroup, { seesInside }: { readonly seesInside: boolean }) {
    this.#group = group;
    this.#seesInside = seesInside;
  }

  /** Finds a container's group. Undefined where the Engine is on another machine, or has its groups elsewhere. */
  static find(containerId: string, options: { readonly seesInside: boolean }): ContainerGroup | undefined {
    if (Deno.build.os !== "linux") return undefined;
    const mounts = mountsOf();
    const findDirectory = (controller: string) => {
      const hierarchies = mounts.filter(({ type, controllers }) =>
        type === "cgroup2" || controllers.includes(controller)
      );
      for (const { point, type } of hierarchies.toSorted((a, b) => a.type.localeCompare(b.type))) {
        const path = GROUP_PATHS.map((pathOf) => join(point, pathOf(containerId))).find((path) => fs.existsSync(path));
        if (path !== undefined) return { path, version: type === "cgroup" ? 1 as const : 2 as const };
      }
      return undefined;
    };
    const [memory, pids, cpu] = ["memory", "pids", "cpuacct"].map(findDirectory);
    if (memory === undefined || pids === undefined || cpu === undefined) return undefined;
    const directories = { memory: memory.path, pids: pids.path, cpu: cpu.path };
    return new ContainerGroup(new Cgroup(directories, memory.version), options);
  }

  /** Counts the usage before a program. @throws the system's error when the container is gone */
  startProgram({ isCompiled }: { readonly isCompiled: boolean }): InitialCounts {
    const peakMemoryBytes = this.#hasRun || isCompiled ? this.#group.peakBytes() ?? 0 : 0;
    this.#hasRun = true;
    this.#thrashing = new Thrashing();
    return { ...this.#group.counts(), peakMemoryBytes };
  }

  /**
   * The program's usage so far; undefined when the container is gone.
   *
   * @param own the number of the service's processes; undefined where it is not known, and only the kernel's bound counts
   */
  sample(initial: InitialCounts, { own }: { readonly own: number | undefined }): UsageSample | undefined {
    try {
      const counts = this.#group.counts();
      const memory = this.#group.memory();
      const pids = this.#seesInside ? this.#group.members() : [];
      const peakBytes = this.#group.peakBytes() ?? 0;
      return {
        cpuMs: counts.cpuMs - initial.cpuMs,
        peakMemoryBytes: peakBytes > initial.peakMemoryBytes ? peakBytes : memory.anonymousBytes,
        processes: own === undefined ? 0 : Math.max(0, pids.length - own),
        descriptors: Math.max(0, ...pids.map(descriptorsOf)),
        isOutOfMemory: counts.outOfMemory > initial.outOfMemory || this.#thrashing.isSeen(memory, performance.now()),
        wasRefusedTasks: counts.refusedTasks > initial.refusedTasks,
      };
    } catch {
      return undefined; // The container is gone.
    }
  }

  /** The number of processes in the group. Undefined where it is not known, or the container is gone. */
  processes(): number | undefined {
    try {
      return this.#seesInside ? this.#group.members().length : undefined;
    } catch {
      return undefined; // The container is gone.
    }
  }

  /** @throws {Error} where this service may not read the container's files */
  diskUsage(): DiskUsage {
    return readDiskUsage(this.#root());
  }

  /**
   * The usage of the container's file systems, and whether one is full. Undefined where this service may not read the
   * container's files, or the container is gone.
   */
  diskNow(): FinalDisk | undefined {
    try {
      return readDiskNow(this.#root());
    } catch {
      return undefined;
    }
  }

  /**
   * Kills every process of the programs' user.
   *
   * @returns true if only the pause process and the init are left. That needs the permission to signal, and the same uids
   *   here as in the container
   */
  async killPrograms(): Promise<boolean> {
    if (!this.#seesInside) return false;
    for (let tries = 0; tries < KILL_TRIES; tries++) {
      const others = this.#group.members().filter((pid) => ![undefined, PAUSE_UID].includes(userOf(pid)));
      if (others.length === 0) return true;
      if (!others.filter((pid) => userOf(pid) === PROGRAM_UID).every(kill)) return false;
      await delay(KILL_INTERVAL_MS);
    }
    return false;
  }

  /** The container's root directory, seen from here. @throws {Error} when no process shows it */
  #root(): string {
    const pid = this.#seesInside ? this.#group.members()[0] : undefined;
    if (pid === undefined) throw new Error("no process of the container is visible");
    return `/proc/${pid}/root`;
  }
}

/** The real user of a process, which no process can hide (proc_pid_status(5)). Undefined when the process has ended. */
function userOf(pid: number): number | undefined {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return /^State:\t[ZX]/m.test(status) ? undefined : Number(/^Uid:\t(\d+)/m.exec(status)?.[1]);
  } catch {
    return undefined;
  }
}

/** Kills a process; returns true also if it has ended. */
function kill(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGKILL");
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}
