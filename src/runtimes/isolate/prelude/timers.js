import { define } from "./inspect.js";

/** Longest delay, in ms: a longer one is none, as in browsers. */
const MAX_DELAY_MS = 2_147_483_647;

/** Makes the timers; the process of the slot asks for each step. */
export function makeTimers(host) {
  const timers = new Map();
  let count = 0;
  /** Begins a timer, or begins it again. */
  const begin = (timer) => {
    timers.delete(timer.id);
    timer.dueAt = host.now() + timer.delayMs;
    timers.set(timer.id, timer);
  };
  const start = (callback, delay, { args, repeats }) => {
    if (typeof callback !== "function") throw new TypeError(`A timer calls a function, not ${typeof callback}`);
    const asked = Number(delay);
    const delayMs = asked >= 1 && asked <= MAX_DELAY_MS ? Math.trunc(asked) : repeats ? 1 : 0;
    const timer = { id: ++count, callback, args, delayMs, repeats, dueAt: 0 };
    begin(timer);
    return timer.id;
  };
  const stop = (id) => {
    timers.delete(Number(id));
  };
  const first = () => {
    let found;
    for (const timer of timers.values()) if (found === undefined || timer.dueAt < found.dueAt) found = timer;
    return found;
  };
  const api = {
    setTimeout: (callback, delay, ...args) => start(callback, delay, { args, repeats: false }),
    setInterval: (callback, delay, ...args) => start(callback, delay, { args, repeats: true }),
    clearTimeout: stop,
    clearInterval: stop,
  };
  for (const [name, value] of Object.entries(api)) {
    define(value, "name", name);
    define(globalThis, name, value);
  }
  return {
    /** Runs the timer that is due; returns ms until the next, or -1 where there is none. */
    step: () => {
      const timer = first();
      if (timer === undefined) return -1;
      const waitMs = timer.dueAt - host.now();
      if (waitMs > 0) return waitMs;
      if (timer.repeats) begin(timer);
      else timers.delete(timer.id);
      const { args, callback } = timer;
      callback(...args);
      return 0;
    },
  };
}
