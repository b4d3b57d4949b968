import { join } from "@std/path";
import { type GroupCounts, type GroupMemory, PAGE_BYTES, type ProcessGroup } from "../process/process_group.ts";
import { membersOf, read, removeIfThere, write, writeIfThere } from "./cgroup_files.ts";

/** The kernel's bounds on a group of processes. */
export interface CgroupBounds {
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly tasks: number;
}

/** A directory for each controller that counts. In version 2 all three are the same. */
export interface CgroupDirectories {
  readonly memory: string;
  readonly pids: string;
  readonly cpu: string;
}

/** One group of processes that the kernel counts and bounds, whatever they do. */
export class Cgroup implements ProcessGroup {
  readonly #at: CgroupDirectories;
  readonly #directories: readonly string[];
  readonly #version: 1 | 2;

  /** @param at directories of a group that exists */
  constructor(at: CgroupDirectories, version: 1 | 2) {
    this.#at = at;
    this.#directories = [...new Set(Object.values(at))];
    this.#version = version;
  }

  bound({ memoryBytes, tasks }: CgroupBounds): void {
    const [memory, swap] = this.#version === 2
      ? [["memory.max", memoryBytes], ["memory.swap.max", 0]] as const
      : [["memory.limit_in_bytes", memoryBytes], ["memory.memsw.limit_in_bytes", memoryBytes]] as const;
    write(join(this.#at.memory, memory[0]), memory[1]);
    writeIfThere(join(this.#at.memory, swap[0]), swap[1]); // Kernels without swap accounting lack this file.
    if (this.#version === 2) writeIfThere(join(this.#at.memory, "memory.oom.group"), 1);
    write(join(this.#at.pids, "pids.max"), tasks);
  }

  /**
   * The files through which a process of one thread joins the group. The process writes 0 into each; what it starts
   * from then on is in the group too. Through `tasks`, which version 2 lacks, the kernel moves the process without
   * waiting until no process of the machine forks (9 ms for three groups): cgroup_procs_write_start() in
   * kernel/cgroup/cgroup.c.
   */
  get files(): string[] {
    const name = this.#version === 2 ? "cgroup.procs" : "tasks";
    return this.#directories.map((directory) => join(directory, name));
  }

  counts(): GroupCounts {
    const { cpu, memory, pids } = this.#at;
    if (this.#version === 2) {
      return {
        cpuMs: field(read(join(cpu, "cpu.stat")), "usage_usec") / 1e3,
        outOfMemory: field(read(join(memory, "memory.events")), "oom_kill"),
        refusedTasks: field(read(join(pids, "pids.events")), "max"),
      };
    }
    return {
      cpuMs: Number(read(join(cpu, "cpuacct.usage"))) / 1e6,
      outOfMemory: field(read(join(memory, "memory.oom_control")), "oom_kill"),
      refusedTasks: field(read(join(pids, "pids.events")), "max"),
    };
  }

  /** Reads the group's memory; this takes as long as everything that {@link counts} reads. */
  memory(): GroupMemory {
    const stat = read(join(this.#at.memory, "memory.stat"));
    const [anonymous, files, shared, reread, faults] = this.#version === 2
      ? ["anon", "file", "shmem", "workingset_refault_file", "pgmajfault"] as const
      : ["total_rss", "total_cache", "total_shmem", "total_workingset_refault_file", "total_pgmajfault"] as const;
    return {
      anonymousBytes: field(stat, anonymous),
      sharedBytes: field(stat, shared),
      cachedBytes: field(stat, files) - field(stat, shared),
      rereadBytes: field(stat, reread) * PAGE_BYTES,
      majorFaults: field(stat, faults),
    };
  }

  /** The highest memory use, that of files included. Undefined where the kernel does not report it. */
  peakBytes(): number | undefined {
    try {
      return Number(read(join(this.#at.memory, this.#version === 2 ? "memory.peak" : "memory.max_usage_in_bytes")));
    } catch {
      return undefined; // Linux before 5.19 has no such file in version 2.
    }
  }

  /** The ids of the group's processes, in this service's namespace. None where the group is gone. */
  members(): number[] {
    return membersOf(this.#at.pids);
  }

  /** Removes the group once it is empty. Returns whether it is gone. */
  remove(): boolean {
    return this.#directories.map(removeIfThere).every((isGone) => isGone);
  }
}

function field(text: string, name: string): number {
  const line = text.split("\n").find((line) => line.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}
