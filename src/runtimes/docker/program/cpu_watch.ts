import type { Limits } from "../../../core/limits.ts";

/** The shortest time between two looks: a look costs the Engine some ms itself. */
const MIN_INTERVAL_MS = 20;

/** What a watch looks with, and what it tells. */
export interface CpuWatchOptions {
  readonly limits: Limits;
  /** CPU time used so far in ms, null where it cannot be told. */
  look(): Promise<number | null>;
  onExceeded(observedMs: number): void;
}

/**
 * Watches a program's CPU time by as few looks as there can be: a container has one CPU, so the limit cannot be passed
 * earlier than what is left of it from now, and not at all before a deadline that is shorter. Returns what ends the watch.
 */
export function watchCpu({ limits, look, onExceeded }: CpuWatchOptions): () => void {
  if (limits.cpuMs >= limits.timeoutMs) return () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  function lookIn(ms: number): void {
    timer = setTimeout(async () => {
      const usedMs = await look();
      if (isOver) return;
      if (usedMs !== null && usedMs >= limits.cpuMs) return onExceeded(usedMs);
      lookIn(Math.max(MIN_INTERVAL_MS, limits.cpuMs - (usedMs ?? 0)));
    }, ms);
  }
  lookIn(limits.cpuMs);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
