/** Evaluates cells as scripts that share the variables of the engine's global scope. */
import { host } from "./host.js";
import { KEPT_NAME } from "./declarations.js";
import { toPlainScript } from "./plain_script.js";
import "./stack_traces.js";

const { Promise, Set } = globalThis;
const { isTimeout, runScript } = host;
/** Variables that cells have declared. */
const known = new Set();

/** Evaluates a cell's script, as the evaluator of V8 does. */
export async function evaluate({ before, script }, options) {
  try {
    const plain = toPlainScript(script);
    const prepared = declare(plain.names, before);
    if (prepared !== "") runScript(prepared, options);
    const value = runScript(plain.script, options);
    const found = plain.isAsync ? (await value)?.[0] : value;
    return { value: found instanceof Promise ? await found : found };
  } catch (thrown) {
    return isTimeout(thrown) ? { isTimedOut: true } : { failure: { thrown, place: host.findPlace?.(script, options) } };
  }
}

/** The script that declares functions and variables. A variable that exists keeps its value. */
function declare(lexical, { directives = "", fresh = [], functions = "", kept = [], variables = [] } = {}) {
  const keeping = kept.length === 0
    ? ""
    : `;${KEPT_NAME}={${kept.filter((name) => known.has(name) || variables.includes(name)).join()}}`;
  const missing = [...new Set([...fresh, ...variables, ...lexical])].filter((name) => !known.has(name));
  if (missing.length > 0) host.declare(`let ${missing.join()};`);
  for (const name of missing) known.add(name);
  const anew = fresh.map((name) => `${name}=void 0;`).join("");
  return anew === "" && functions === "" && keeping === "" ? "" : `${directives}${anew}${functions}${keeping};void 0`;
}
