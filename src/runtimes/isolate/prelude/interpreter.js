import { define } from "./define.js";
import { importFrom } from "./imports.js";
import { inspect } from "./inspect.js";

/** The most bytes that the process of the slot prints at once. */
const MAX_BYTES = 4_096;

const toCharacters = String.fromCharCode;
const applyTo = Reflect.apply;
/** `eval` by another name, which evaluates in the global scope. */
const evaluateScript = globalThis.eval;
const OUT_OF_TIME = Symbol("timeout");

const encoder = new globalThis.TextEncoder();
const orders = [];
let wake = () => {};
let script;
let ended;

async function* readOrders() {
  for (;;) {
    while (orders.length > 0) yield encoder.encode(orders.shift());
    await new Promise((resolve) => wake = resolve);
  }
}

/** Gives the interpreter functions of the process. @param path the path of the file that a cell seems to be */
export function offerInterpreter(path, declare, exit, printBytes, runScript) {
  const printTo = (isError) => (bytes) => {
    const part = bytes.subarray(0, MAX_BYTES);
    printBytes(isError, applyTo(toCharacters, undefined, part));
    return part.length;
  };
  define(globalThis, "$interpreter", {
    declare: (text) => declare(text),
    exit: (code) => exit(code),
    importFrom: importFrom(path),
    inspect,
    isTimeout: (thrown) => thrown === OUT_OF_TIME,
    prints: [printTo(false), printTo(true)],
    readOrders,
    runScript: (text, { name, timeoutMs }) => {
      script = `${text}\n//# sourceURL=${name}`;
      ended = undefined;
      const isOver = runScript(timeoutMs);
      const one = ended;
      ended = undefined;
      if (!isOver || one === undefined) throw OUT_OF_TIME;
      if (one.hasFailed) throw one.thrown;
      return one.value;
    },
  });
}

/** Gives the interpreter an order. */
export function giveOrder(text) {
  orders.push(text);
  wake();
}

/** Runs the pending script. No value of it leaves the isolate. */
export function runPending() {
  try {
    ended = { hasFailed: false, value: evaluateScript(script) };
  } catch (thrown) {
    ended = { hasFailed: true, thrown };
  }
}
