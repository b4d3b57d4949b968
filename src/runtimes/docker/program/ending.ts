import type { Outcome } from "../../../core/execution.ts";
import type { Limits } from "../../../core/limits.ts";
import { diskBounds } from "../../../sandbox/confined_directory.ts";
import { diskLimit, memoryLimit, processLimit } from "../../../process/ending.ts";
import { type DiskUsage, exceeds } from "../../../host/size_watch.ts";
import type { EngineExit } from "../engine/engine_containers.ts";

/** The file systems of a container at the end of a program. */
export interface FinalDisk {
  /** Whether one of them is full. */
  readonly isFull: boolean;
  /** The usage of the workspace and `/tmp`. */
  readonly usage: DiskUsage;
}

/** Stands for file systems that were not read. */
export const UNKNOWN_DISK: FinalDisk = { isFull: false, usage: { bytes: 0, files: 0 } };

/** How a command line ended, in the launcher's report. */
export interface Ending {
  /** The command line's exit code, or 128 and the number of the signal. */
  readonly status: number;
  readonly isSignalled: boolean;
  /** Whether the kernel killed a process of the container meanwhile because memory ran out. */
  readonly wasOutOfMemory: boolean;
  /** Whether the kernel refused the container a process or thread meanwhile. */
  readonly wasRefusedTasks: boolean;
}

/** The numbers of signals that end a process. Linux has the same on every architecture of Docker. */
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

/** The number of words of an ending in a report. */
export const ENDING_WORDS = 4;
/** The number of words of a disk in a report. */
export const DISK_WORDS = 3;

/** Parses an ending; undefined for words that no launcher writes. */
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

/** Parses the disk's words in a report. */
export function parseDisk([full, bytes, files]: readonly string[]): FinalDisk {
  return { isFull: full === "1", usage: { bytes: countOf(bytes), files: countOf(files) } };
}

function countOf(word = ""): number {
  return /^\d+$/.test(word) ? Number(word) : 0;
}

/**
 * The ending of a launcher that could not report it, from the Engine's exit code. As in shells, a signal's code is 128
 * and its number.
 */
export function endingOf({ exitCode, oomKilled }: EngineExit): Ending {
  return {
    status: exitCode,
    isSignalled: exitCode > SIGNAL_BASE,
    wasOutOfMemory: oomKilled,
    wasRefusedTasks: false,
  };
}

/** The outcome for an ending. An exceeded limit is the outcome whatever the exit code is. */
export function outcomeOf(
  ending: Ending,
  { disk, limits, peakMemoryBytes }: {
    readonly disk: FinalDisk;
    readonly limits: Limits;
    readonly peakMemoryBytes: number | null;
  },
): Outcome {
  const { status, isSignalled, wasOutOfMemory, wasRefusedTasks } = ending;
  const bounds = diskBounds(limits.diskMb);
  if (wasOutOfMemory) return memoryLimit({ peakMemoryBytes }, limits);
  if (wasRefusedTasks) return processLimit({ processes: 0 }, limits);
  const { isFull, usage } = disk;
  if (exceeds(usage, bounds)) return diskLimit(usage, { bounds, limits });
  if (isFull && status !== 0) {
    return { kind: "disk_limit", limitMb: limits.diskMb, observedMb: limits.diskMb };
  }
  const signal = isSignalled ? SIGNALS[status - SIGNAL_BASE] ?? `SIG${status - SIGNAL_BASE}` : undefined;
  return signal === undefined ? { kind: "exited", exitCode: status } : { kind: "signaled", signal };
}
