/** Evaluates cells as scripts that share the variables of the engine's global scope. */
import { host } from "./host.js";
import { parseCell } from "./parser.js";
import { toPlainScript } from "./plain_script.js";
import "./stack_traces.js";

const { Object, Promise, Set, SyntaxError } = globalThis;
const { defineProperty } = Object;
/** Calls the function of a script that awaits. */
const MAIN_NAME = "$cell$main";
/** The name of scripts of the interpreter itself, whose frames no stack trace shows. */
const OWN_NAME = "codebeaker:cell";
const { isTimeout, runScript } = host;
/** Variables that cells have declared. */
const known = new Set();
let main;
defineProperty(globalThis, MAIN_NAME, { value: () => main() });

/**
 * Evaluates a cell's script. The declarations in `before` come first.
 *
 * @returns `{ value }`; `{ failure }`, with the thrown value and, for a script that is no JavaScript, the place; or
 *   `{ isTimedOut }` when its synchronous part took too long
 */
export async function evaluate({ before, script }, { name, timeoutMs }) {
  try {
    const { columnOffset, isAsync, names, script: plain } = toPlainScript(script);
    const prepared = declare(names, before);
    if (prepared !== "") runScript(prepared, { columnOffset: 0, name, timeoutMs });
    const value = runScript(plain, { columnOffset, name, timeoutMs });
    const found = isAsync ? (await call(value, timeoutMs))?.[0] : value;
    return { value: found instanceof Promise ? await found : found };
  } catch (thrown) {
    if (isTimeout(thrown)) return { isTimedOut: true };
    return { failure: { thrown, place: thrown instanceof SyntaxError ? findPlace(script, name) : undefined } };
  }
}

/** Calls the function of a script that awaits. Returns a promise of an array with the script's value. */
function call(value, timeoutMs) {
  main = value;
  return runScript(`${MAIN_NAME}()`, { columnOffset: 0, name: OWN_NAME, timeoutMs });
}

/** The place at which a script is no script; undefined where it is. Engines may not report the place. */
function findPlace(script, name) {
  const at = findFault(script);
  if (at === undefined) return undefined;
  const lines = script.slice(0, at).split("\n");
  return { name, lineNumber: lines.length - 1, columnNumber: lines.at(-1).length };
}

function findFault(script) {
  try {
    return parseCell(script).body.find(({ type }) => type.startsWith("Export"))?.start;
  } catch ({ pos }) {
    return pos;
  }
}

/** The script that declares functions and variables. A variable that exists keeps its value. */
function declare(lexical, { directives = "", fresh = [], functions = "", variables = [] } = {}) {
  const missing = [...new Set([...fresh, ...variables, ...lexical])].filter((name) => !known.has(name));
  if (missing.length > 0) host.declare(`let ${missing.join()};`);
  for (const name of missing) known.add(name);
  const anew = fresh.map((name) => `${name}=void 0;`).join("");
  return anew === "" && functions === "" ? "" : `${directives}${anew}${functions};void 0`;
}
