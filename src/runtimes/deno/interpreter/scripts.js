/**
 * Runs the scripts of cells, each within its time.
 *
 * Deno ends a script that is late through another thread, and does not take that back where the script ends at the same
 * moment: whatever runs next would be ended. So a script that ends by itself after its deadline waits here until Deno ends
 * it. Its cell is late already.
 */
import vm from "node:vm";

const { Object, Symbol, performance } = globalThis;
const { constants: { USE_MAIN_CONTEXT_DEFAULT_LOADER: importModuleDynamically }, runInThisContext, Script } = vm;
const { now } = performance;
/** The function that runs the script at hand. */
const RUN_NAME = "$cell$run";
/** How long after its deadline a script is ended, in ms. One that ends in time has ended long before. */
const GRACE_MS = 50;
const TIMED_OUT = Symbol("timed out");
const guard = new Script(`${RUN_NAME}()`, { filename: "codebeaker:guard" });
const runGuarded = guard.runInThisContext.bind(guard);
let run = () => {};
Object.defineProperty(globalThis, RUN_NAME, { value: () => run() });

/** Runs a script; returns its value, or throws its error. */
export function runScript(script, { columnOffset, name: filename, timeoutMs }) {
  // A program may have given every object fields of these names.
  const options = { __proto__: null, columnOffset, displayErrors: false, filename, importModuleDynamically };
  const lateAt = now.call(performance) + timeoutMs;
  let end;
  run = () => {
    run = () => {};
    try {
      const value = runInThisContext(script, options);
      end = () => value;
    } catch (thrown) {
      end = () => {
        throw thrown;
      };
    }
    while (now.call(performance) >= lateAt);
  };
  try {
    runGuarded({ __proto__: null, timeout: timeoutMs + GRACE_MS });
  } catch {
    throw TIMED_OUT;
  }
  return end();
}

/** Evaluates a script of declarations. */
export function declare(script) {
  runInThisContext(script, { __proto__: null, displayErrors: false });
}

/** Whether a thrown value says that a script was ended. */
export function isTimeout(thrown) {
  return thrown === TIMED_OUT;
}
