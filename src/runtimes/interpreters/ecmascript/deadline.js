/**
 * The deadline of the running cell. Most cells end before it, so it leaves the timer of an earlier cell as it is: that
 * one fires early and waits for the rest. A timer of its own would cost each cell 0.02 ms.
 */
const { clearTimeout, performance, setTimeout } = globalThis;
const { now } = performance;
let timer;
/** When the timer fires, and when the deadline is, by `performance.now()`. */
let firesAt = Infinity;
let dueAt = Infinity;
let onDue = () => {};

/** Sets the deadline, in place of the one before. */
export function setDeadline(delayMs, act) {
  onDue = act;
  dueAt = now.call(performance) + delayMs;
  if (timer !== undefined && firesAt <= dueAt) return;
  if (timer !== undefined) clearTimeout(timer);
  start(delayMs);
}

export function clearDeadline() {
  dueAt = Infinity;
}

function start(delayMs) {
  firesAt = now.call(performance) + delayMs;
  timer = setTimeout(fire, delayMs);
}

function fire() {
  timer = undefined;
  if (dueAt === Infinity) return;
  const leftMs = dueAt - now.call(performance);
  if (leftMs > 0) return start(leftMs);
  clearDeadline();
  onDue();
}
