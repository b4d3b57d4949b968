import { define } from "./inspect.js";

/** Delays in ms: one that is shorter or longer is the shortest, as elsewhere. */
const [MIN_DELAY_MS, MAX_DELAY_MS] = [1, 2_147_483_647];

/** Makes a timer keep the program from its end only while a function says so. */
export let keepWhile;

/** A timer as programs have it: a number where one is asked for. */
export class Timeout {
  #timer;
  #timers;

  constructor(timer, timers) {
    this.#timer = timer;
    this.#timers = timers;
  }

  static {
    keepWhile = (timeout, isKept) => {
      timeout.#timer.isKept = isKept;
    };
  }

  ref() {
    this.#timer.isKept = always;
    return this;
  }

  unref() {
    this.#timer.isKept = never;
    return this;
  }

  hasRef() {
    return this.#timer.isKept();
  }

  refresh() {
    if (this.#timers.has(this.#timer.id)) this.#timers.begin(this.#timer);
    return this;
  }

  close() {
    this.#timers.stop(this.#timer.id);
    return this;
  }

  [Symbol.dispose]() {
    this.close();
  }

  [Symbol.toPrimitive]() {
    return this.#timer.id;
  }
}

const always = () => true;
const never = () => false;

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
  const stop = (id) => {
    timers.delete(Number(id));
  };
  const own = { begin, stop, has: (id) => timers.has(id) };
  const start = (callback, delay, { args, repeats }) => {
    if (typeof callback !== "function") throw new TypeError(`A timer calls a function, not ${typeof callback}`);
    const asked = Number(delay);
    const delayMs = asked >= MIN_DELAY_MS && asked <= MAX_DELAY_MS ? Math.trunc(asked) : MIN_DELAY_MS;
    const timer = { id: ++count, callback, args, delayMs, repeats, dueAt: 0, isKept: always };
    begin(timer);
    return new Timeout(timer, own);
  };
  const isOver = () => timers.values().every(({ isKept }) => !isKept());
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
