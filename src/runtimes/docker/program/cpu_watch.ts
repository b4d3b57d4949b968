import type { Limits } from "../../../core/limits.ts";

/** The shortest time between two samples, as each costs the Engine some ms. */
const MIN_INTERVAL_MS = 20;

/** The limits of a watched program, and the source of its CPU time. */
export interface CpuWatchOptions {
  readonly limits: Limits;
  /** The CPU time so far in ms; null where it is not known. */
  sample(): Promise<number | null>;
  onExceeded(observedMs: number): void;
}

/**
 * Watches a program's CPU time with few samples. A container has one CPU, so that the rest of the limit takes at least
 * as long in real time. A limit that is not below the deadline is not watched. Returns a function that ends the watch.
 */
export function watchCpu({ limits, sample, onExceeded }: CpuWatchOptions): () => void {
  if (limits.cpuMs >= limits.timeoutMs) return () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  function sampleIn(ms: number): void {
    timer = setTimeout(async () => {
      const usedMs = await sample();
      if (isOver) return;
      if (usedMs !== null && usedMs >= limits.cpuMs) return onExceeded(usedMs);
      sampleIn(Math.max(MIN_INTERVAL_MS, limits.cpuMs - (usedMs ?? 0)));
    }, ms);
  }
  sampleIn(limits.cpuMs);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
