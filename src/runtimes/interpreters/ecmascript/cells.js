/**
 * Evaluates one cell after the other in a scope that they share.
 *
 * The service writes lines of JSON to stdin: `{ cell: { … } }` while no other cell is running, or `{ interrupt: true }`.
 * At the end of a cell, a report goes to stdout and to stderr: `CELL_REPORT`, the cell's secret, JSON and a line feed. The
 * one on stdout says how the cell ended. Each display goes to stdout in the same way, with EOT instead of the line feed; an
 * empty one on stderr precedes the text of the error.
 * A long report comes in parts with the same prefix; ETB at the end means that another part follows. All other output is
 * the program's.
 */
import { toValue } from "./bundles.js";
import { findFault, toScript } from "./cell_code.js";
import { CONST_NAME } from "./constants.js";
import { clearDeadline, setDeadline } from "./deadline.js";
import { USING_NAME, VAR_NAME } from "./declarations.js";
import { beginDisplays, display, endDisplays, isDisplay, jupyter } from "./displays.js";
import { describe, explain } from "./failures.js";
import { host } from "./host.js";
import { IMPORT_NAME, META_NAME } from "./imports.js";
import { CELL_REPORT, displayPieces, endPieces } from "./reports.js";
import { disposeOf, useResource } from "./resources.js";

/** Built-ins as they were before any cell declared the same names. */
const { JSON, Object, Promise, Proxy, SyntaxError, TextDecoder, TextEncoder, TypeError } = globalThis;
const { cwd, exit, importFrom, isTyped, makeRequire, resolve } = host;
const [print, write] = host.prints;
const { parse } = JSON;
const encoder = new TextEncoder();
const place = `${cwd}/cell`;
const url = resolve("./cell");
/** The global object. A program may declare another variable of its name. */
const global = globalThis;
let evaluate;
let interrupt = () => {};

/** Follows the orders of the service until it closes stdin. */
export async function serve(evaluator) {
  evaluate = evaluator;
  offer({
    [CONST_NAME]: new Proxy({}, { set: refuse }),
    [IMPORT_NAME]: importModule,
    [META_NAME]: { url, dirname: cwd, filename: place, main: true, resolve },
    [USING_NAME]: useResource,
    display,
  });
  Object.defineProperty(global, VAR_NAME, { get: () => undefined, set: () => {} });
  if (host.namespace === undefined) offer({ jupyter });
  else host.namespace.jupyter = jupyter;
  host.onUncaught((error) => complain(explain(error)));
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of host.readOrders()) {
    text += decoder.decode(bytes, { stream: true });
    const lines = text.split("\n");
    text = lines.pop();
    for (const line of lines) {
      const { cell } = parse(line);
      if (cell === undefined) {
        interrupt();
        continue;
      }
      host.beforeCell?.(cell.code);
      run(cell);
    }
  }
  exit(0);
}

async function run({ code, language, maxResultBytes, maxTextLength, name, secret, timeoutMs }) {
  host.forgetDenials?.();
  const require = global.require === undefined ? makeRequire?.(language, url) : undefined;
  if (require !== undefined) global.require = require;
  const marker = `${CELL_REPORT}${secret}`;
  beginDisplays({ maxBytes: maxResultBytes, send: (bundle) => put(print, displayPieces(bundle, marker)) });
  const ended = Promise.withResolvers();
  interrupt = () => ended.resolve({ kind: "interrupted" });
  setDeadline(timeoutMs, () => ended.resolve({ kind: "timed_out" }));
  const cell = runCell({ code, language, bounds: { maxBytes: maxResultBytes, maxTextLength }, name, timeoutMs });
  cell.then(ended.resolve);
  const { uncaught, ...report } = await ended.promise;
  clearDeadline();
  interrupt = () => {};
  if (report.kind === "failed") {
    put(write, displayPieces({}, marker));
    complain(uncaught);
  } else if (report.kind !== "done") cell.then(({ uncaught }) => complain(uncaught)); // It cannot be stopped, and may still throw.
  await host.flush?.();
  put(print, endPieces({ ...report, ...endDisplays() }, marker));
  put(write, endPieces({}, marker));
}

/** Runs a cell; returns its report, and the uncaught text of its error. It does not reject. */
async function runCell({ code, language, bounds, name, timeoutMs }) {
  const fail = ({ thrown, place }) => {
    host.reportDenial?.(thrown);
    return { kind: "failed", ...describe(thrown, { ...bounds, place }) };
  };
  try {
    const options = { name, isTyped: isTyped(language), language };
    const script = await toScript(code, options);
    const { failure, isTimedOut, value } = await evaluate(script, { name, timeoutMs });
    await disposeOf(name).catch((thrown) => {
      if (failure === undefined) throw thrown;
      complain(fail({ thrown }).uncaught);
    });
    if (isTimedOut) return { kind: "timed_out" };
    if (failure !== undefined) {
      const isSyntax = script.isUnchecked === true && failure.thrown instanceof SyntaxError;
      const fault = isSyntax ? await findFault(code, options) : undefined;
      return fail(fault === undefined ? failure : { thrown: fault });
    }
    return { kind: "done", ...await toValue(isDisplay(value) ? await value : value, bounds) };
  } catch (thrown) {
    return fail({ thrown });
  }
}

function refuse() {
  throw new TypeError("Assignment to constant variable.");
}

async function importModule(specifier, options, names = []) {
  const module = await importFrom(specifier, options);
  const missing = names.find((name) => !(name in module));
  if (missing === undefined) return module;
  throw new SyntaxError(`The requested module '${specifier}' does not provide an export named '${missing}'`);
}

function offer(values) {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(global, name, { value, configurable: true, writable: true, enumerable: false });
  }
}

/** Prints the text of an uncaught error, if there is one. */
function complain(text) {
  if (text !== undefined) put(write, [encoder.encode(`Uncaught ${text}\n`)]);
}

/** Writes whole pieces; a context without its streams ends. */
function put(write, pieces) {
  try {
    for (let rest of pieces) {
      while (rest.length > 0) rest = rest.subarray(write(rest));
    }
  } catch {
    exit(1);
  }
}
