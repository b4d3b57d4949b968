/**
 * The functions that the interpreter needs of its runtime. A runtime's main module fills it before it imports anything
 * else of the interpreter:
 *
 * - `cwd`, `exit(code)`, `inspect(value, options)`, `readFile(path)`; `prints`: functions that write bytes to stdout
 *   and to stderr, and return how many they wrote;
 * - `readOrders()`: the service's orders, in pieces;
 * - `onUncaught(report)`: calls `report` with each error that neither a cell nor a listener of the program handles;
 * - `importFrom(specifier, options)`: imports a module as a file of the workspace does; `resolve(specifier)`: its URL;
 * - `isTyped(language)`; for languages with types `stripTypes(source, language)`, which returns undefined for a source that
 *   `transformTypes(source)` has to transform;
 * - for the evaluator of scripts: `declare(script)` of variables, `runScript(script, { columnOffset, name, timeoutMs })`, which
 *   returns the script's value and throws its error, and `isTimeout(thrown)`: whether the script's time was over. Where
 *   the engine can, it counts columns of the first line from `columnOffset`;
 * - optional: `makeRequire(language, url)`: the `require` of cells, undefined where they have none; `namespace`: the object
 *   that offers `jupyter`, else a global; `beforeCell(code)`: called between two pieces of orders;
 *   `findFault(source, options)`: a syntax error in better words; `forgetDenials()` and `reportDenial(error)`; `flush()`:
 *   settles when all that the program printed is written.
 */
export const host = {};

/** Whether a specifier is a path, which cells write from the workspace. */
export function isPath(specifier) {
  return /^\.{0,2}\//.test(specifier);
}
