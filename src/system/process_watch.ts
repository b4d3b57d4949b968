import type { ProgramUsage } from "../core/execution.ts";

/** Looks come quickly at first, since most programs are short, and then at this pace. */
const FIRST_LOOK_MS = 4;
const STEADY_LOOK_MS = 20;

/** Linux's `USER_HZ`, and its usual page size: with larger pages (some arm64 kernels) memory reads too low. */
const MS_PER_TICK = 10;
const PAGE_BYTES = 4096;

/**
 * Looks at one process until stopped, and keeps the highest values seen. Where there is no `/proc` it sees nothing.
 *
 * Sources: proc_pid_stat(5), fields 14 and 15; proc_pid_statm(5), fields 2 and 3.
 */
export class ProcessWatch {
  readonly #pid: number;
  readonly #onLook: (usage: ProgramUsage) => void;
  #usage: ProgramUsage = { cpuMs: null, peakMemoryBytes: null };
  #isStopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(pid: number, onLook: (usage: ProgramUsage) => void) {
    this.#pid = pid;
    this.#onLook = onLook;
  }

  get usage(): ProgramUsage {
    return this.#usage;
  }

  /** The first look is now, so that even the shortest program is seen. */
  start(): void {
    if (!this.#isStopped && this.#look()) this.#schedule(FIRST_LOOK_MS);
  }

  /** No look follows, also where the process ended before the watch began. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      if (!this.#look()) return;
      this.#onLook(this.#usage);
      if (!this.#isStopped) this.#schedule(Math.min(delayMs * 2, STEADY_LOOK_MS));
    }, delayMs);
  }

  #look(): boolean {
    try {
      const cpuMs = readCpuMs(Deno.readTextFileSync(`/proc/${this.#pid}/stat`));
      const memory = readPrivateBytes(Deno.readTextFileSync(`/proc/${this.#pid}/statm`));
      this.#usage = {
        cpuMs: Math.max(this.#usage.cpuMs ?? 0, cpuMs),
        peakMemoryBytes: memory === 0
          ? this.#usage.peakMemoryBytes
          : Math.max(this.#usage.peakMemoryBytes ?? 0, memory),
      };
      return true;
    } catch {
      return false; // The process is gone, or this platform has no /proc: there is nothing more to see.
    }
  }
}

/** The name of the program, field 2, may hold spaces and parentheses: what follows its last ")" begins with field 3. */
function readCpuMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** The kernel keeps these counters loosely: of a process that has just begun they may be 0. */
function readPrivateBytes(statm: string): number {
  const [, resident, shared] = statm.split(" ").map(Number);
  return ((resident ?? 0) - (shared ?? 0)) * PAGE_BYTES;
}
