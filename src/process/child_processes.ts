import type { ProgramUsage } from "../core/execution.ts";
import { type GroupCounts, PAGE_BYTES, type ProcessGroup } from "./process_group.ts";
import { delay } from "../concurrency/delay.ts";
import type { AdoptedProcesses } from "./adopted_processes.ts";
import {
  childrenOf,
  type CoreTimes,
  coreTimesOf,
  descriptorPathsOf,
  descriptorsOf,
  familyOf,
  findInEntries,
  isAlive,
  statFieldsOf,
} from "./process_tree.ts";
import { BLOCK_BYTES } from "../host/size_watch.ts";
import { isGroup, signalGroup, signalProcess } from "./terminate.ts";

/** Linux's `USER_HZ`. */
const MS_PER_TICK = 10;

/** No process's id. As a group's it would be that of this service's own group. */
const NONE = 0;

/** Longest wait for killed processes to be gone, in ms. */
const GONE_MS = 2_000;

/** The usage of a program at one moment, where this platform reports it. */
export interface UsageSample extends ProgramUsage {
  readonly processes: number;
  /** Open files of the process that has the most. */
  readonly descriptors: number;
  /** Whether the program ran out of memory. Either the kernel killed a process, or the processes thrash. */
  readonly isOutOfMemory: boolean;
  /** Whether the kernel refused a process or thread because there were too many. */
  readonly wasRefusedTasks: boolean;
}

/** How to find the program among the processes of a child. */
export interface ChildProcessesOptions {
  /** Number of processes between the started one and the program. Each is the only child of the one before. */
  readonly wrappers: number;
  /** Number of the processes after those that are the service's own; absent, none. */
  readonly ownProcesses?: number;
  /** Whether the program may start others; else it is one process. */
  readonly startsOthers: boolean;
  readonly cgroup?: ProcessGroup | undefined;
  /** Releases what the processes were started with, once the first one has ended; absent, nothing. */
  release?(): Promise<void>;
  /** The adopted processes, where this service becomes the parent of orphans; absent, it does not. */
  readonly adopted?: AdoptedProcesses | undefined;
}

/**
 * The processes of one child: the started one, its wrappers, the program's, and their descendants. They are read from a
 * control group where there is one, else from parent to child.
 *
 * Sources: proc_pid_stat(5), fields 14 to 17; proc_pid_statm(5), fields 2 and 3; proc_pid_status(5).
 */
export class ChildProcesses {
  readonly #options: ChildProcessesOptions;
  #leader = NONE;
  /** Processes from the leader to the program, without the program. They are found on first use. */
  #wrappers: readonly number[] = [];
  #program: number | undefined;
  /** CPU time of adopted processes that are reaped. */
  #reapedCpuMs = 0;

  constructor(options: ChildProcessesOptions) {
    this.#options = options;
  }

  /**
   * Registers the process as which the child was started. That process joins the control group itself, before it starts
   * anything; from here it might have started something already.
   */
  begin(leader: number): void {
    this.#leader = leader;
    this.#options.adopted?.addLeader(leader);
  }

  /** Whether the kernel itself bounds the memory and the number of the processes. */
  get isBounded(): boolean {
    return this.#options.cgroup !== undefined;
  }

  /** Samples the usage. Undefined when the program is gone, or this platform does not report usage. */
  sample(): UsageSample | undefined {
    const { cgroup, ownProcesses = 0, startsOthers } = this.#options;
    const program = this.#find();
    if (program === undefined) return undefined;
    try {
      const adopted = startsOthers ? this.#reapAdopted() : [];
      const family = !startsOthers ? [program] : cgroup === undefined ? this.#familyWith(adopted) : this.#grouped();
      const pids = startsOthers ? this.#withoutWrappers(family) : family;
      const counts = cgroup?.counts();
      const memoryBytes = startsOthers
        ? cgroup?.memory().anonymousBytes ?? sum(pids, heldBytesOf)
        : privateBytesOf(program);
      return {
        cpuMs: this.#cpuMs(family, counts),
        peakMemoryBytes: memoryBytes,
        processes: Math.max(0, pids.length - ownProcesses),
        descriptors: Math.max(0, ...pids.map(descriptorsOf)),
        isOutOfMemory: (counts?.outOfMemory ?? 0) > 0,
        wasRefusedTasks: (counts?.refusedTasks ?? 0) > 0,
      };
    } catch {
      return undefined; // The program ended meanwhile.
    }
  }

  /** The core times of the processes that run now. Undefined where the program has ended. */
  coreTimes(): CoreTimes | undefined {
    if (Deno.build.os !== "linux") return { runMs: 0, waitMs: 0 };
    const program = this.#find();
    if (program === undefined || !isAlive(program)) return undefined;
    return coreTimesOf(this.#options.startsOthers ? this.#members() : [program]);
  }

  /** Bytes of files that the program has open and that are unlinked. */
  unlinkedBytes(): number {
    const program = this.#find();
    if (program === undefined) return 0;
    const sizes = new Map((this.#options.startsOthers ? this.#members() : [program]).flatMap(unlinkedFilesOf));
    return [...sizes.values()].reduce((total, bytes) => total + bytes, 0);
  }

  /** Whether the kernel killed a process of the group for memory, also after the end. */
  isOutOfMemory(): boolean {
    try {
      return (this.#options.cgroup?.counts().outOfMemory ?? 0) > 0;
    } catch {
      return false; // The group is gone.
    }
  }

  /**
   * Signals the program and everything that it started; SIGKILL also its wrappers. Call this only until the leader has
   * ended.
   */
  signal(signal: Deno.Signal): void {
    if (signal === "SIGKILL") return this.#kill();
    if (this.#options.wrappers === 0) return this.#signalGroup(signal);
    this.#find();
    for (const pid of this.#members()) signalProcess(pid, signal);
  }

  /**
   * Kills the remaining processes, releases what they had, and returns when none remains. Call this only once the leader
   * has ended, since its number may be another's, or where none was started.
   */
  async end(): Promise<void> {
    const { cgroup } = this.#options;
    const deadline = performance.now() + GONE_MS;
    const releasing = this.#options.release?.();
    if (this.#leader !== NONE) signalGroup(this.#leader, "SIGKILL");
    for (let restMs = 1; performance.now() < deadline; restMs = Math.min(restMs * 2, 50)) {
      for (const pid of this.#grouped()) signalProcess(pid, "SIGKILL");
      const isGone = cgroup === undefined ? !this.#wrappers.some(isAlive) : cgroup.remove();
      if (this.#isGroupGone() && isGone) break;
      await delay(restMs);
    }
    if (this.#leader !== NONE) this.#options.adopted?.removeLeader(this.#leader);
    await releasing;
  }

  /** Frees the entries of adopted processes that have ended, and keeps their time. Returns the others. */
  #reapAdopted(): number[] {
    const { adopted } = this.#options;
    return adopted?.inGroupOf(this.#leader).filter((pid) => {
      if (isAlive(pid)) return true;
      const cpuMs = cpuMsOf(pid);
      const isReaped = adopted.reap(pid);
      if (isReaped) this.#reapedCpuMs += cpuMs;
      return !isReaped;
    }) ?? [];
  }

  /**
   * Reaps killed processes, and returns whether the group has none left. Once the leader is gone, all of them come to
   * this service.
   */
  #isGroupGone(): boolean {
    const { adopted } = this.#options;
    if (adopted === undefined || this.#leader === NONE) return true;
    try {
      for (const pid of adopted.inGroupOf(this.#leader)) adopted.reap(pid);
      return !isGroup(this.#leader);
    } catch {
      return false; // This service has no descriptor left.
    }
  }

  /**
   * Signals the leader's group, or the leader alone. A leader that has just started may not lead its group yet, and is
   * then the only process.
   */
  #signalGroup(signal: Deno.Signal): void {
    if (!signalGroup(this.#leader, signal)) signalProcess(this.#leader, signal);
  }

  #kill(): void {
    this.#signalGroup("SIGKILL");
    if (!this.#options.startsOthers) return;
    for (const pid of this.#grouped()) signalProcess(pid, "SIGKILL");
  }

  /**
   * The CPU time in ms. The kernel counts a group's to the nanosecond, with the processes between the leader and the
   * program.
   */
  #cpuMs(family: readonly number[], counts: GroupCounts | undefined): number {
    if (counts !== undefined) return counts.cpuMs;
    return this.#reapedCpuMs + sum(family, cpuMsOf);
  }

  #find(): number | undefined {
    if (this.#program !== undefined) return this.#program;
    const line = [this.#leader];
    for (let generation = 0; generation < this.#options.wrappers; generation++) {
      const [child] = childrenOf(line.at(-1) ?? 0);
      if (child === undefined) return undefined;
      line.push(child);
    }
    this.#wrappers = line.slice(0, -1);
    return this.#program = line.at(-1);
  }

  /**
   * The processes of the control group. None without a group, or where this service has no descriptor left to read it.
   */
  #grouped(): number[] {
    try {
      return this.#options.cgroup?.members() ?? [];
    } catch {
      return []; // The same as after the end of the group: the caller asks again.
    }
  }

  /** The leader and its descendants, with those whose parents have ended. */
  #familyWith(adopted: readonly number[]): number[] {
    return [this.#leader, ...adopted].flatMap(familyOf);
  }

  #members(): readonly number[] {
    const { adopted, cgroup } = this.#options;
    const all = cgroup === undefined ? this.#familyWith(adopted?.inGroupOf(this.#leader) ?? []) : this.#grouped();
    return this.#withoutWrappers(all);
  }

  #withoutWrappers(pids: readonly number[]): readonly number[] {
    return pids.filter((pid) => !this.#wrappers.includes(pid));
  }
}

function sum(pids: readonly number[], read: (pid: number) => number): number {
  if (pids.length === 1) return read(pids[0] ?? 0);
  return pids.reduce((total, pid) => {
    try {
      return total + read(pid);
    } catch {
      return total; // The process ended meanwhile.
    }
  }, 0);
}

/** CPU time of a process and of its children that have ended. */
function cpuMsOf(pid: number): number {
  const fields = statFieldsOf(pid);
  return [11, 12, 13, 14].reduce((total, index) => total + Number(fields[index]), 0) * MS_PER_TICK;
}

/**
 * The private memory of a process. The kernel updates these counters late: for a process that has just begun they may
 * be 0. Then its pages are counted, which takes the kernel some time.
 */
function privateBytesOf(pid: number): number {
  const [, resident, shared] = Deno.readTextFileSync(`/proc/${pid}/statm`).split(" ").map(Number);
  const bytes = ((resident ?? 0) - (shared ?? 0)) * PAGE_BYTES;
  return bytes > 0 ? bytes : countedBytesOf(pid);
}

/** Counts the anonymous pages of a process; 0 where they may not be read: proc_pid_smaps(5). */
function countedBytesOf(pid: number): number {
  try {
    return Number(/^Anonymous:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/**
 * The memory of a process whose code is not known. Memory that it shares with its children counts once for each process
 * that uses it.
 */
function heldBytesOf(pid: number): number {
  return findInEntries(pid, heldBytesAt) ?? 0;
}

function heldBytesAt(entry: string): number | undefined {
  const kibibytes = Deno.readTextFileSync(`${entry}/status`).matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm);
  const bytes = [...kibibytes].reduce((total, [, value]) => total + Number(value) * 1024, 0);
  return bytes > 0 ? bytes : undefined;
}

/** Open files of a process that have no name, each with identity and size. */
function unlinkedFilesOf(pid: number): [file: string, bytes: number][] {
  return descriptorPathsOf(pid).flatMap((path) => {
    try {
      if (!Deno.readLinkSync(path).endsWith(" (deleted)")) return [];
      const { blocks, dev, ino } = Deno.statSync(path);
      return [[`${dev} ${ino}`, (blocks ?? 0) * BLOCK_BYTES]];
    } catch {
      return []; // The file was closed meanwhile.
    }
  });
}
