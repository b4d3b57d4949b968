/**
 * The process of a Python context. Each line of stdin is JSON: `{ cell }` while no cell runs, `{ interrupt: true }`, or `{ answer }` to a question.
 * Python runs on the one thread of this process. While a cell computes, nothing of JavaScript runs but the object that
 * CPython asks for signals; while a cell waits, timers and reads go on.
 */
import { end, endBy, forgetDenials, waitForOrders } from "../begin.js";
import { openPython } from "./open.js";
import { beginTurn } from "./turns.js";

const { performance } = globalThis;
const { stdin } = Deno;
const SIGINT = 2;
/** The third byte of `{"interrupt":true}`, and of no other message. */
const LETTER_I = 0x69;
/** CPython's questions for one look at the clock. A look takes longer than questions are apart. */
const QUESTIONS_A_LOOK = 8;

/** The next bytes of stdin. A thread of Deno's writes them here, also while Python computes. Its third byte is 0 until they come. */
const chunk = new Uint8Array(65_536);
const decoder = new TextDecoder();
/** The running cell; undefined while none runs. */
let cell;
/** Called with the answer to the last question. */
let answered = () => {};

/** A cell with its deadline. */
class Cell {
  /** Why the cell is to end. */
  ending;
  #line;
  #deadline;
  #timer;
  #questions = 0;
  /** Whether the cell got the one signal that ends it. */
  #hasSignal = false;

  constructor(line, { timeoutMs }) {
    this.#line = line;
    this.#deadline = performance.now() + timeoutMs;
    this.#timer = setTimeout(() => this.interrupt("timed_out"), timeoutMs);
  }

  async run() {
    try {
      const status = await run.callPromising(this.#line);
      if (status !== undefined) end(status);
    } catch (error) {
      endBy(error);
    }
  }

  /** Ends the cell before it reports. Later bytes of stdin are no interrupt of it. */
  end() {
    clearTimeout(this.#timer);
    cell = undefined;
  }

  /** The signal for Python, which computes; 0 where none has come. */
  takeSignal() {
    if (this.#hasSignal) return 0;
    if (chunk[2] === LETTER_I) this.ending ??= "interrupted";
    if (++this.#questions % QUESTIONS_A_LOOK === 0 && performance.now() >= this.#deadline) this.ending ??= "timed_out";
    if (this.ending === undefined) return 0;
    this.#hasSignal = true;
    return SIGINT;
  }

  /** Interrupts the cell, which has not begun or waits. */
  interrupt(ending) {
    if (this.#hasSignal) return;
    this.ending ??= ending;
    this.#hasSignal = true; // Of the interpreter's own code, nothing is interrupted.
    this.#hasSignal = stopWaiting();
  }
}

const { mount, own, python } = await openPython(() => 0);
const { directories, ...orders } = waitForOrders();
mount(directories);
python.setInterruptBuffer({
  get 0() {
    return cell?.takeSignal() ?? 0;
  },
  set 0(_) {
    // CPython clears a signal that it takes.
  },
});
const host = own.open_cells(JSON.stringify(orders), {
  get ending() {
    return cell?.ending;
  },
  end_cell: () => cell.end(),
  exit: end,
  answer_to: (id) =>
    new Promise((resolve) => {
      answered = (answer) => answer.id === id && resolve(JSON.stringify(answer));
    }),
});
const { run, stop_waiting: stopWaiting } = host;
await readMessages();

async function readMessages() {
  let text = "";
  let reading = read();
  for (;;) {
    const count = await reading;
    if (count === null) end(0); // The service is gone.
    const lines = (text + decoder.decode(chunk.subarray(0, count), { stream: true })).split("\n");
    text = lines.pop();
    reading = read(); // Before a cell begins, so that an interrupt is seen while it computes.
    let begun;
    for (const line of lines) {
      const { answer, cell: order } = JSON.parse(line);
      if (answer !== undefined) answered(answer);
      else if (order === undefined) cell?.interrupt("interrupted");
      else begun = cell = new Cell(line, order);
    }
    if (begun === undefined) continue;
    forgetDenials();
    beginTurn();
    begun.run();
  }
}

function read() {
  chunk[2] = 0;
  return stdin.read(chunk);
}
