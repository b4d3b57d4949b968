import { define } from "./define.js";
import { host } from "./host.js";

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
      timeout.#timers.keep(timeout.#timer, isKept);
    };
  }

  ref() {
    this.#timers.keep(this.#timer, always);
    return this;
  }

  unref() {
    this.#timers.keep(this.#timer, never);
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

/** The most entries before the first of a list that are kept. Then they are cut off. */
const MAX_PASSED = 1_000;

/** The timers, and the function by which the process of the slot calls each step. */
function makeTimers() {
  const timers = new Map();
  /** Timers that do not keep the program from its end. */
  const loose = new Set();
  /** Entries of timers by their delays, in the order in which they are due. Thousands of timers have few delays. */
  const lists = new Map();
  let count = 0;
  const stop = (id) => {
    const timer = timers.get(Number(id));
    if (timer === undefined) return;
    timer.turn++; // Its entry no longer counts.
    timers.delete(timer.id);
    loose.delete(timer);
  };
  const keep = (timer, isKept) => {
    timer.isKept = isKept;
    if (isKept === always || !timers.has(timer.id)) loose.delete(timer);
    else loose.add(timer);
  };
  /** Begins a timer, or begins it again. */
  const begin = (timer) => {
    timer.dueAt = host.now() + timer.delayMs;
    timers.set(timer.id, timer);
    keep(timer, timer.isKept);
    if (!lists.has(timer.delayMs)) lists.set(timer.delayMs, { entries: [], at: 0 });
    lists.get(timer.delayMs).entries.push({ timer, turn: ++timer.turn });
  };
  const own = { begin, keep, stop, has: (id) => timers.has(id) };
  const start = (callback, delay, { args, repeats }) => {
    if (typeof callback !== "function") throw new TypeError(`A timer calls a function, not ${typeof callback}`);
    const asked = Number(delay);
    const delayMs = asked >= MIN_DELAY_MS && asked <= MAX_DELAY_MS ? Math.trunc(asked) : MIN_DELAY_MS;
    const timer = { id: ++count, callback, args, delayMs, repeats, dueAt: 0, turn: 0, isKept: always };
    begin(timer);
    return new Timeout(timer, own);
  };
  const isOver = () => timers.size === loose.size && [...loose].every(({ isKept }) => !isKept());
  /** The first of a list; undefined where none is left. */
  const firstOf = (list) => {
    while (list.entries[list.at]?.timer.turn !== list.entries[list.at]?.turn) list.at++;
    if (list.at > MAX_PASSED && list.at > list.entries.length / 2) {
      list.entries.splice(0, list.at);
      list.at = 0;
    }
    return list.entries[list.at]?.timer;
  };
  const first = () => {
    let found;
    for (const [delayMs, list] of lists) {
      const timer = firstOf(list);
      if (timer === undefined) lists.delete(delayMs);
      else if (found === undefined || timer.dueAt < found.dueAt) found = timer;
    }
    return found;
  };
  const api = {
    setTimeout: (callback, delay, ...args) => start(callback, delay, { args, repeats: false }),
    setInterval: (callback, delay, ...args) => start(callback, delay, { args, repeats: true }),
    clearTimeout: stop,
    clearInterval: stop,
  };
  for (const [name, value] of Object.entries(api)) define(value, "name", name);
  return {
    ...api,
    /** Runs the timer that is due. Returns ms until the next, or -1 where none keeps the program. */
    step: () => {
      if (isOver()) return -1;
      const timer = first();
      const waitMs = timer.dueAt - host.now();
      if (waitMs > 0) return waitMs;
      if (timer.repeats) begin(timer);
      else stop(timer.id);
      const { args, callback } = timer;
      callback(...args);
      return 0;
    },
  };
}

export const { clearInterval, clearTimeout, setInterval, setTimeout, step } = makeTimers();
