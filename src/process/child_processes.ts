import type { ProgramUsage } from "../core/execution.ts";
import { type GroupCounts, PAGE_BYTES, type ProcessGroup } from "./process_group.ts";
import { delay } from "../concurrency/delay.ts";
import type { AdoptedProcesses } from "./adopted_processes.ts";
import {
  childrenOf,
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

/** How long what was killed may take to be gone, in ms. */
const GONE_MS = 2_000;

/** What a program uses at one moment, where this platform reports it. */
export interface UsageSample extends ProgramUsage {
  readonly processes: number;
  /** Open files of the process that has the most. */
  readonly descriptors: number;
  /** Whether there was no more memory for them: the kernel killed one, or they thrash. */
  readonly isOutOfMemory: boolean;
  /** Whether the kernel refused to make a process or thread since there were too many. */
  readonly wasRefusedTasks: boolean;
}

/** How to find the program among the processes of a child. */
export interface ChildProcessesOptions {
  /** How many processes, each the only child of the one before, stand between the started one and the program. */
  readonly wrappers: number;
  /** How many of the processes after those are the service's own; absent, none. */
  readonly ownProcesses?: number;
  /** Whether the program may start others; else it is one process. */
  readonly startsOthers: boolean;
  readonly cgroup?: ProcessGroup | undefined;
  /** Where this service becomes the parent of processes that lose theirs; absent, it does not. */
  readonly adopted?: AdoptedProcesses | undefined;
}

/**
 * The processes of one child: the one that was started, those that stand between it and the program, the program's, and
 * what they start. They are read from a control group where there is one, else from parent to child.
 *
 * Sources: proc_pid_stat(5), fields 14 to 17; proc_pid_statm(5), fields 2 and 3; proc_pid_status(5).
 */
export class ChildProcesses {
  readonly #options: ChildProcessesOptions;
  #leader = 0;
  /** Those between the leader and the program, the leader among them; found when they are first asked for. */
  #wrappers: readonly number[] = [];
  #program: number | undefined;
  /** Time of adopted processes that are reaped. */
  #reapedCpuMs = 0;

  constructor(options: ChildProcessesOptions) {
    this.#options = options;
  }

  /**
   * The child was started as this process, which joins the control group itself: before it starts anything, which from
   * here it may have done already.
   */
  begin(leader: number): void {
    this.#leader = leader;
    this.#options.adopted?.addLeader(leader);
  }

  /** Undefined when the program is gone, or this platform does not report it. */
  sample(): UsageSample | undefined {
    const { cgroup, ownProcesses = 0, startsOthers } = this.#options;
    const program = this.#find();
    if (program === undefined) return undefined;
    try {
      if (startsOthers) this.#reapAdopted();
      const pids = startsOthers ? this.#members() : [program];
      const counts = cgroup?.counts();
      const memoryBytes = startsOthers
        ? cgroup?.memory().anonymousBytes ?? sum(pids, heldBytesOf)
        : privateBytesOf(program);
      return {
        cpuMs: this.#cpuMs(program, counts),
        peakMemoryBytes: memoryBytes,
        processes: Math.max(0, pids.length - ownProcesses),
        descriptors: Math.max(0, ...pids.map(descriptorsOf)),
        isOutOfMemory: (counts?.outOfMemory ?? 0) > 0,
        wasRefusedTasks: (counts?.refusedTasks ?? 0) > 0,
      };
    } catch {
      return undefined; // It ended meanwhile.
    }
  }

  /** Bytes of files that the program has open and that are unlinked. */
  unlinkedBytes(): number {
    const program = this.#find();
    if (program === undefined) return 0;
    const sizes = new Map((this.#options.startsOthers ? this.#members() : [program]).flatMap(unlinkedFilesOf));
    return [...sizes.values()].reduce((total, bytes) => total + bytes, 0);
  }

  /** What the kernel counted of all of it, also when it has ended. */
  isOutOfMemory(): boolean {
    try {
      return (this.#options.cgroup?.counts().outOfMemory ?? 0) > 0;
    } catch {
      return false; // The group is gone.
    }
  }

  /** Signals the program and everything it started; SIGKILL also what stands around it. Only until its leader has ended. */
  signal(signal: Deno.Signal): void {
    if (signal === "SIGKILL") return this.#kill();
    if (this.#options.wrappers === 0) return this.#signalGroup(signal);
    this.#find();
    for (const pid of this.#members()) signalProcess(pid, signal);
  }

  /**
   * Kills what is left, and returns when nothing is left. Only once the leader has ended: its number may be
   * another's.
   */
  async end(): Promise<void> {
    const { cgroup } = this.#options;
    const deadline = performance.now() + GONE_MS;
    signalGroup(this.#leader, "SIGKILL");
    for (let restMs = 1; performance.now() < deadline; restMs = Math.min(restMs * 2, 50)) {
      for (const pid of this.#grouped()) signalProcess(pid, "SIGKILL");
      const isGone = cgroup === undefined ? !this.#wrappers.some(isAlive) : cgroup.remove();
      if (this.#isGroupGone() && isGone) break;
      await delay(restMs);
    }
    this.#options.adopted?.removeLeader(this.#leader);
  }

  /** Frees the entries of adopted processes that have ended, and keeps their time. */
  #reapAdopted(): void {
    const { adopted } = this.#options;
    for (const pid of adopted?.inGroupOf(this.#leader) ?? []) {
      if (isAlive(pid)) continue;
      const cpuMs = cpuMsOf(pid);
      if (adopted?.reap(pid)) this.#reapedCpuMs += cpuMs;
    }
  }

  /** Reaps what was killed. Whether no process of the group is left; once the leader is gone, all come to this service. */
  #isGroupGone(): boolean {
    const { adopted } = this.#options;
    if (adopted === undefined) return true;
    try {
      for (const pid of adopted.inGroupOf(this.#leader)) adopted.reap(pid);
      return !isGroup(this.#leader);
    } catch {
      return false; // This service has no descriptor left.
    }
  }

  /** A leader that has just been started may not lead its group yet: it is all that there is then. */
  #signalGroup(signal: Deno.Signal): void {
    if (!signalGroup(this.#leader, signal)) signalProcess(this.#leader, signal);
  }

  #kill(): void {
    this.#signalGroup("SIGKILL");
    if (!this.#options.startsOthers) return;
    for (const pid of this.#grouped()) signalProcess(pid, "SIGKILL");
  }

  /** The kernel counts a group's to the nanosecond, with what stands between the leader and the program. */
  #cpuMs(program: number, counts: GroupCounts | undefined): number {
    if (counts !== undefined) return counts.cpuMs;
    return this.#reapedCpuMs + sum(this.#options.startsOthers ? this.#family() : [program], cpuMsOf);
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

  /** None where there is no group, or this service has no descriptor left to ask it with. */
  #grouped(): number[] {
    try {
      return this.#options.cgroup?.members() ?? [];
    } catch {
      return []; // As after the end of the group: who asks asks again.
    }
  }

  /** The leader and what descends from it, also by a line of parents that is broken. */
  #family(): number[] {
    return [this.#leader, ...this.#options.adopted?.inGroupOf(this.#leader) ?? []].flatMap(familyOf);
  }

  #members(): number[] {
    const all = this.#options.cgroup === undefined ? this.#family() : this.#grouped();
    return all.filter((pid) => !this.#wrappers.includes(pid));
  }
}

function sum(pids: readonly number[], read: (pid: number) => number): number {
  if (pids.length === 1) return read(pids[0] ?? 0);
  return pids.reduce((total, pid) => {
    try {
      return total + read(pid);
    } catch {
      return total; // It ended meanwhile.
    }
  }, 0);
}

/** Time of a process and of those of its children that have ended. */
function cpuMsOf(pid: number): number {
  const fields = statFieldsOf(pid);
  return [11, 12, 13, 14].reduce((total, index) => total + Number(fields[index]), 0) * MS_PER_TICK;
}

/**
 * The kernel keeps these counters loosely: of a process that has just begun they may be 0. Then its pages are counted,
 * which takes the kernel some time.
 */
function privateBytesOf(pid: number): number {
  const [, resident, shared] = Deno.readTextFileSync(`/proc/${pid}/statm`).split(" ").map(Number);
  const bytes = ((resident ?? 0) - (shared ?? 0)) * PAGE_BYTES;
  return bytes > 0 ? bytes : countedBytesOf(pid);
}

/** 0 where it may not be read: proc_pid_smaps(5). */
function countedBytesOf(pid: number): number {
  try {
    return Number(/^Anonymous:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/**
 * What a program may hold whose code is not known: also memory that it shares with what it starts, once for each that
 * uses it.
 */
function heldBytesOf(pid: number): number {
  return findInEntries(pid, heldBytesAt) ?? 0;
}

function heldBytesAt(entry: string): number | undefined {
  const kibibytes = Deno.readTextFileSync(`${entry}/status`).matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm);
  const bytes = [...kibibytes].reduce((total, [, value]) => total + Number(value) * 1024, 0);
  return bytes > 0 ? bytes : undefined;
}

/** The open files of a process that have no name: which each is, and what it takes. */
function unlinkedFilesOf(pid: number): [file: string, bytes: number][] {
  return descriptorPathsOf(pid).flatMap((path) => {
    try {
      if (!Deno.readLinkSync(path).endsWith(" (deleted)")) return [];
      const { blocks, dev, ino } = Deno.statSync(path);
      return [[`${dev} ${ino}`, (blocks ?? 0) * BLOCK_BYTES]];
    } catch {
      return []; // It was closed meanwhile.
    }
  });
}
