/**
 * What the interpreter needs of the runtime that it runs on. A runtime's main module fills it before it imports anything
 * else of the interpreter:
 *
 * - `cwd`, `exit(code)`, `inspect(value, options)`, `readFile(path)`; `prints`: functions that write bytes to stdout and to
 *   stderr, and return how many they wrote;
 * - `readOrders()`: pieces of what the service writes;
 * - `onUncaught(report)`: calls `report` with each error that neither a cell nor a listener of the program handles;
 * - `importFrom(specifier, options)`: imports a module as a file of the workspace does; `resolve(specifier)`: its URL;
 * - `isTyped(language)`; for languages with types `stripTypes(source, language)`, which returns undefined for what
 *   `transformTypes(source)` has to do;
 * - for the evaluator of scripts: `declare(script)` of variables, `runScript(script, { name, timeoutMs })`, which returns the
 *   script's value and throws what it throws, and `isTimeout(thrown)`: whether its time was over; optional:
 *   `findPlace(script, { name })`: where a script is no JavaScript, from line 0 and column 0;
 * - optional: `makeRequire(language, url)`: the `require` of cells, undefined where they have none; `namespace`: the object that offers `jupyter`, else a global; `beforeCell(code)`: called between two
 *   pieces of orders;
 *   `findFault(source, options)`: a syntax error in better words; `forgetDenials()` and `reportDenial(error)`;
 *   `watchPromises(onMade)`: returns what ends it; `onEvaluator()`: called when the evaluator is ready; `flush()`: settles
 *   when all that the program printed is written.
 */
export const host = {};

/** Whether a specifier is a path, which cells write from the workspace. */
export function isPath(specifier) {
  return /^\.{0,2}\//.test(specifier);
}
