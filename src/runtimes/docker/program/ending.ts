import type { Outcome } from "../../../core/execution.ts";
import type { Limits } from "../../../core/limits.ts";
import { diskBounds } from "../../../sandbox/confined_directory.ts";
import { diskLimit, memoryLimit, processLimit } from "../../../process/ending.ts";
import type { DiskUsage } from "../../../host/size_watch.ts";
import type { EngineExit } from "../engine/engine_containers.ts";

/** What lay where programs write at an end. */
export interface DiskAtEnd {
  /** Whether a file system took no more. */
  readonly isFull: boolean;
  /** In the workspace and in `/tmp`. */
  readonly usage: DiskUsage;
}

/** Where nobody has looked. */
export const UNSEEN_DISK: DiskAtEnd = { isFull: false, usage: { bytes: 0, files: 0 } };

/** How a command line ended, as the launcher saw it. */
export interface Ending {
  /** Its exit code, or 128 and the number of the signal. */
  readonly status: number;
  readonly isSignalled: boolean;
  /** Whether the kernel killed a process of the container for want of memory meanwhile. */
  readonly wasOutOfMemory: boolean;
  /** Whether it made no process or thread meanwhile since there were too many. */
  readonly wasRefusedTasks: boolean;
}

/** Linux's numbers on every architecture that Docker runs on, for signals that end a process. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGUSR1",
  11: "SIGSEGV",
  12: "SIGUSR2",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  16: "SIGSTKFLT",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  26: "SIGVTALRM",
  27: "SIGPROF",
  29: "SIGIO",
  30: "SIGPWR",
  31: "SIGSYS",
};
const SIGNAL_BASE = 128;
const MAX_STATUS = 255;

/** How many words the launcher tells an ending by. */
export const ENDING_WORDS = 4;

/** Those words; undefined for what no launcher says. */
export function parseEnding(words: readonly string[]): Ending | undefined {
  const [status = "", signalled, outOfMemory, refused] = words;
  if (!/^\d{1,3}$/.test(status) || Number(status) > MAX_STATUS) return undefined;
  return {
    status: Number(status),
    isSignalled: signalled === "1",
    wasOutOfMemory: Number(outOfMemory) > 0,
    wasRefusedTasks: Number(refused) > 0,
  };
}

/** The words that the launcher tells of the disk. */
export function parseDisk([full, bytes, files]: readonly string[]): DiskAtEnd {
  return { isFull: full === "1", usage: { bytes: countOf(bytes), files: countOf(files) } };
}

function countOf(word = ""): number {
  return /^\d+$/.test(word) ? Number(word) : 0;
}

/** What the Engine knows where the launcher did not live to tell: above 128 a signal is meant, as shells mean it. */
export function endingOf({ exitCode, oomKilled }: EngineExit): Ending {
  return {
    status: exitCode,
    isSignalled: exitCode > SIGNAL_BASE,
    wasOutOfMemory: oomKilled,
    wasRefusedTasks: false,
  };
}

/** What an ending means. A limit that was passed is told whatever the program made of it. */
export function outcomeOf(
  ending: Ending,
  { disk, limits, peakMemoryBytes }: {
    readonly disk: DiskAtEnd;
    readonly limits: Limits;
    readonly peakMemoryBytes: number | null;
  },
): Outcome {
  const { status, isSignalled, wasOutOfMemory, wasRefusedTasks } = ending;
  const bounds = diskBounds(limits.diskMb);
  if (wasOutOfMemory) return memoryLimit({ peakMemoryBytes }, limits);
  if (wasRefusedTasks) return processLimit({ processes: 0 }, limits);
  const { isFull, usage } = disk;
  if (usage.bytes > bounds.bytes || usage.files > bounds.files) return diskLimit(usage, { bounds, limits });
  if (isFull && status !== 0) {
    return { kind: "disk_limit", limitMb: limits.diskMb, observedMb: limits.diskMb };
  }
  const signal = isSignalled ? SIGNALS[status - SIGNAL_BASE] ?? `SIG${status - SIGNAL_BASE}` : undefined;
  return signal === undefined ? { kind: "exited", exitCode: status } : { kind: "signaled", signal };
}
