/** The time of day, elapsed time, and intervals. */
export interface Clock {
  /** Now, in ms since 1970. */
  now(): number;
  /** Elapsed time since some moment, in ms. Setting the time of day does not change it. */
  elapsed(): number;
  /** Calls a function at intervals, until the result is disposed of. The timer does not keep the process alive. */
  every(intervalMs: number, call: () => void): Disposable;
}

/** The machine's clock. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  every(intervalMs, call) {
    const timer = setInterval(call, intervalMs);
    Deno.unrefTimer(timer);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};
