/** The time of day, the time that passes, and what happens at intervals; tests have one of their own. */
export interface Clock {
  /** Now, in ms since 1970. */
  now(): number;
  /** What has passed since some moment, in ms: whoever sets the time of day does not change it. */
  elapsed(): number;
  /** Calls at intervals until it is disposed of; it keeps no process alive. */
  every(intervalMs: number, call: () => void): Disposable;
}

/** The machine's own. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  every(intervalMs, call) {
    const timer = setInterval(call, intervalMs);
    Deno.unrefTimer(timer);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};
