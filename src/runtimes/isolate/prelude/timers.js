import { define } from "./inspect.js";

/** Delays in ms: one that is shorter or longer is the shortest, as elsewhere. */
const [MIN_DELAY_MS, MAX_DELAY_MS] = [1, 2_147_483_647];

/** Whether a timer keeps the program from its end, by its id. One that is not here does. */
export const keeping = new Map();

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
    const delayMs = asked >= MIN_DELAY_MS && asked <= MAX_DELAY_MS ? Math.trunc(asked) : MIN_DELAY_MS;
    const timer = { id: ++count, callback, args, delayMs, repeats, dueAt: 0 };
    begin(timer);
    return timer.id;
  };
  const stop = (id) => {
    timers.delete(Number(id));
  };
  const isOver = () => timers.values().every(({ id }) => keeping.get(id)?.() === false);
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
    /** Runs the timer that is due; returns ms until the next, or -1 where none keeps the program. */
    step: () => {
      if (isOver()) return -1;
      const timer = first();
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
