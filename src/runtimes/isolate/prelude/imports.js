import { define } from "./define.js";
import { host } from "./host.js";
import { usedPart } from "./parts.js";

/** The language's own classes of errors, by their names. */
const ERRORS = {
  "__proto__": null,
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

const waiting = new Map();
let count = 0;

function take(id) {
  const one = waiting.get(id);
  waiting.delete(id);
  return one;
}

/** The function that `import()` in a file calls. The process of the slot reports the result of each call. */
export const importFrom = (path) => (specifier) =>
  new Promise((resolve, reject) => {
    const name = `${specifier}`;
    waiting.set(++count, { resolve, reject });
    host.importModule(count, path, name);
  });

/** Resolves a call with the module that it asked for. */
export function resolveImport(id, namespace) {
  take(id).resolve(namespace);
}

/**
 * Rejects a call with the file's error, or with a copy. A copy's class is one of the language's.
 *
 * @param failure.key that of a kept error
 */
export function rejectImport(id, { key, message, name, stack, thrown }) {
  if (stack === undefined) return take(id).reject(thrown);
  const own = usedPart("causes")?.keptError(key);
  if (own !== undefined) return take(id).reject(own);
  const error = new (ERRORS[name] ?? Error)(message);
  define(error, "stack", stack);
  if (error.name !== name) define(error, "name", name);
  take(id).reject(error);
}
