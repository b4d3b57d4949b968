/**
 * Runs the callbacks of Python's event loops. A timer of Deno's takes more than a millisecond, also without a delay, so
 * that callbacks follow one another without timers for a while. Then what else waits has its turn.
 */
import { endBy } from "../begin.js";

const { performance } = globalThis;
/** How long callbacks follow one another at most, in ms. */
const TURN_MS = 5;
/** The callbacks without a delay, in order. While there are any, they are about to be called. */
const due = [];
let turnEndsAt = 0;

/** Begins a turn of callbacks: a timer, a read or the program itself has called. */
export function beginTurn() {
  turnEndsAt = performance.now() + TURN_MS;
}

/** Calls a function after a delay in ms, behind those that are due already. */
export function schedule(act, delayMs) {
  if (delayMs > 0) {
    setTimeout(() => {
      beginTurn();
      call(act);
    }, delayMs);
    return;
  }
  due.push(act);
  if (due.length > 1) return;
  if (performance.now() < turnEndsAt) queueMicrotask(callDue);
  else {
    setTimeout(() => {
      beginTurn();
      callDue();
    }, 0);
  }
}

function callDue() {
  for (const act of due.splice(0)) call(act);
}

/** Calls a callback. What it throws, or its promise, is no error of Python's: the interpreter has ended. */
async function call(act) {
  try {
    await act();
  } catch (error) {
    endBy(error);
  }
}
