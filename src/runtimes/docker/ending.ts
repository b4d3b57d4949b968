import type { Outcome } from "../../core/execution.ts";
import { type Limits, MEBIBYTE } from "../../core/limits.ts";
import type { EngineExit } from "./engine_client.ts";

/** How a command line ended, as the launcher saw it. */
export interface Ending {
  /** Its exit code, or 128 and the number of the signal. */
  readonly status: number;
  readonly isSignalled: boolean;
  /** Whether the kernel killed a process of the container for want of memory meanwhile. */
  readonly wasOutOfMemory: boolean;
  readonly isDiskFull: boolean;
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

/** The four words of the launcher; undefined for what no launcher says. */
export function parseEnding([status = "", signalled, outOfMemory, full]: readonly string[]): Ending | undefined {
  if (!/^\d{1,3}$/.test(status) || Number(status) > MAX_STATUS) return undefined;
  return {
    status: Number(status),
    isSignalled: signalled === "1",
    wasOutOfMemory: Number(outOfMemory) > 0,
    isDiskFull: full === "1",
  };
}

/** What the Engine knows where the launcher did not live to tell: above 128 a signal is meant, as shells mean it. */
export function endingOf({ exitCode, oomKilled }: EngineExit): Ending {
  return {
    status: exitCode,
    isSignalled: exitCode > SIGNAL_BASE,
    wasOutOfMemory: oomKilled,
    isDiskFull: false,
  };
}

/** What an ending means. A program that ends well in spite of a lost child or a full disk has exited. */
export function outcomeOf(
  ending: Ending,
  { limits, peakMemoryBytes }: { readonly limits: Limits; readonly peakMemoryBytes: number | null },
): Outcome {
  const { status, isSignalled, wasOutOfMemory, isDiskFull } = ending;
  if (status === 0) return { kind: "exited", exitCode: 0 };
  if (wasOutOfMemory) {
    const observedMb = Math.max(Math.ceil((peakMemoryBytes ?? 0) / MEBIBYTE), limits.memoryMb);
    return { kind: "memory_limit", limitMb: limits.memoryMb, observedMb };
  }
  const signal = isSignalled ? SIGNALS[status - SIGNAL_BASE] ?? `SIG${status - SIGNAL_BASE}` : undefined;
  if (isDiskFull || signal === "SIGXFSZ") {
    return { kind: "disk_limit", limitMb: limits.diskMb, observedMb: limits.diskMb };
  }
  return signal === undefined ? { kind: "exited", exitCode: status } : { kind: "signaled", signal };
}
