import * as fs from "node:fs";
import { join } from "@std/path";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import type { GroupCounts } from "../../../process/process_group.ts";
import { Cgroup } from "../../../sandbox/cgroup.ts";
import { mountsOf } from "../../../host/cgroup_mounts.ts";
import type { Tally } from "../../../process/child_processes.ts";
import { delay } from "../../../concurrency/delay.ts";
import { descriptorsOf } from "../../../process/process_tree.ts";
import type { DiskUsage } from "../../../host/size_watch.ts";
import { Thrashing } from "../../../sandbox/thrashing.ts";
import type { FinalDisk } from "../program/ending.ts";
import { BUILD_DIRECTORY } from "../images/environments.ts";
import { PAUSE_UID, PROGRAM_UID } from "./users.ts";

/** Where the Engine's two cgroup drivers put the group of a container (dockerd(8), `native.cgroupdriver`). */
const PLACES: readonly ((containerId: string) => string)[] = [
  (id) => `docker/${id}`,
  (id) => `system.slice/docker-${id}.scope`,
];
const KILL_TRIES = 50;
const KILL_INTERVAL_MS = 2;
/** What programs write to. */
const PLACES_OF_FILES = [WORKSPACE_ROOT, "/tmp"];
/** Fewer free blocks than this, or free entries, are none (launch.sh says the same). */
const FEW_BLOCKS = 8;
const FEW_FILES = 2;

/** What a container's group had counted before a program began. */
export interface InitialCounts extends GroupCounts {
  /**
   * The kernel keeps one peak for the whole life of a container: 0 for its first program, whose start counts too, unless
   * that was compiled.
   */
  readonly peakMemoryBytes: number;
}

/**
 * The processes of a container as the kernel of this machine sees them. Looking costs neither the Engine nor the
 * container anything, and killing takes no process of either: it works where the container may have no more of them.
 */
export class ContainerGroup {
  readonly #group: Cgroup;
  /** Whether its processes are the program's own: another kernel's are threads of that here. */
  readonly #seesInside: boolean;
  #hasRun = false;
  #thrashing = new Thrashing();

  constructor(group: Cgroup, { seesInside }: { readonly seesInside: boolean }) {
    this.#group = group;
    this.#seesInside = seesInside;
  }

  /** Undefined where the Engine is on another machine, or keeps its groups elsewhere. */
  static find(containerId: string, options: { readonly seesInside: boolean }): ContainerGroup | undefined {
    if (Deno.build.os !== "linux") return undefined;
    const mounts = mountsOf();
    const placeOf = (controller: string) => {
      const hierarchies = mounts.filter(({ type, controllers }) =>
        type === "cgroup2" || controllers.includes(controller)
      );
      for (const { point, type } of hierarchies.toSorted((a, b) => a.type.localeCompare(b.type))) {
        const found = PLACES.map((place) => join(point, place(containerId))).find((path) => fs.existsSync(path));
        if (found !== undefined) return { found, version: type === "cgroup" ? 1 as const : 2 as const };
      }
      return undefined;
    };
    const [memory, pids, cpu] = ["memory", "pids", "cpuacct"].map(placeOf);
    if (memory === undefined || pids === undefined || cpu === undefined) return undefined;
    const directories = { memory: memory.found, pids: pids.found, cpu: cpu.found };
    return new ContainerGroup(new Cgroup(directories, memory.version), options);
  }

  /** A program is about to begin. @throws what the system throws, when the container is gone */
  startProgram({ isCompiled }: { readonly isCompiled: boolean }): InitialCounts {
    const peakMemoryBytes = this.#hasRun || isCompiled ? this.#group.peakBytes() ?? 0 : 0;
    this.#hasRun = true;
    this.#thrashing = new Thrashing();
    return { ...this.#group.counts(), peakMemoryBytes };
  }

  /**
   * What the container has used since, and what is in it now; undefined when it is gone.
   *
   * @param own how many processes are the service's; undefined when that cannot be told, and the kernel's bound has to
   *   do
   */
  sample(before: InitialCounts, { own }: { readonly own: number | undefined }): Tally | undefined {
    try {
      const counts = this.#group.counts();
      const memory = this.#group.memory();
      const pids = this.#seesInside ? this.#group.members() : [];
      const peakBytes = this.#group.peakBytes() ?? 0;
      return {
        cpuMs: counts.cpuMs - before.cpuMs,
        peakMemoryBytes: peakBytes > before.peakMemoryBytes ? peakBytes : memory.anonymousBytes,
        processes: own === undefined ? 0 : Math.max(0, pids.length - own),
        descriptors: Math.max(0, ...pids.map(descriptorsOf)),
        isOutOfMemory: counts.outOfMemory > before.outOfMemory || this.#thrashing.isSeen(memory, performance.now()),
        wasRefusedTasks: counts.refusedTasks > before.refusedTasks,
      };
    } catch {
      return undefined; // It is gone.
    }
  }

  /** How many processes are in the container now; undefined where that cannot be told, or it is gone. */
  processes(): number | undefined {
    try {
      return this.#seesInside ? this.#group.members().length : undefined;
    } catch {
      return undefined; // It is gone.
    }
  }

  /** What lies where programs write, in all places together. @throws {Error} where this service may not look there */
  async diskUsage(): Promise<DiskUsage> {
    const root = this.#root();
    return usageIn(await Promise.all(PLACES_OF_FILES.map((place) => fs.promises.statfs(root + place))));
  }

  /** The same at once, and whether any place takes no more; undefined where this service may not look, or it is gone. */
  diskNow(): FinalDisk | undefined {
    try {
      const root = this.#root();
      const places = PLACES_OF_FILES.map((place) => fs.statfsSync(root + place));
      const building = fs.existsSync(root + BUILD_DIRECTORY) ? [fs.statfsSync(root + BUILD_DIRECTORY)] : [];
      return { isFull: [...places, ...building].some(isFull), usage: usageIn(places) };
    } catch {
      return undefined; // It is gone, or closed to this service.
    }
  }

  /** Where the container's files are seen from here. @throws {Error} where nothing of them can be */
  #root(): string {
    const pid = this.#seesInside ? this.#group.members()[0] : undefined;
    if (pid === undefined) throw new Error("nothing of the container can be seen");
    return `/proc/${pid}/root`;
  }

  /**
   * Kills whatever runs as the programs' user. Tells whether nothing but what keeps the container is left, which takes
   * that this service may, and that users have the same numbers here.
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
}

/**
 * The real user of a process, which is told whatever it lets others see of itself (proc_pid_status(5)); undefined when
 * it has ended.
 */
function userOf(pid: number): number | undefined {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return /^State:\t[ZX]/m.test(status) ? undefined : Number(/^Uid:\t(\d+)/m.exec(status)?.[1]);
  } catch {
    return undefined;
  }
}

/** Whether it is killed; one that is gone is. */
function kill(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGKILL");
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

function usageIn(places: readonly fs.StatsFs[]): DiskUsage {
  return places.reduce((total, { bfree, blocks, bsize, ffree, files }) => ({
    bytes: total.bytes + (blocks - bfree) * bsize,
    files: total.files + files - ffree - 1, // The place itself is one.
  }), { bytes: 0, files: 0 });
}

function isFull({ bavail, ffree, files }: fs.StatsFs): boolean {
  return bavail < FEW_BLOCKS || (files > 0 && ffree < FEW_FILES);
}
