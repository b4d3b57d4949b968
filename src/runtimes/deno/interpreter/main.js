/**
 * The main module of a context's process: evaluates one cell after the other in a scope that they share.
 *
 * The service writes lines of JSON to stdin: `{ cell: { … } }` while no other cell is running, or `{ interrupt: true }`.
 * At the end of a cell, a report goes to stdout and to stderr: `CELL_REPORT`, the cell's secret, JSON and a line feed. The
 * one on stdout says how the cell ended. Each display goes to stdout in the same way, with EOT instead of the line feed.
 * A long report comes in parts with the same prefix; ETB at the end means that another part follows. All other output is
 * the program's.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { toValue } from "./bundles.js";
import { toScript } from "./cell_code.js";
import { CONST_NAME } from "./constants.js";
import { KEPT_NAME, USING_NAME, VAR_NAME } from "./declarations.js";
import { beginDisplays, display, endDisplays, isDisplay, jupyter } from "./displays.js";
import { evaluate } from "./evaluator.js";
import { describe, explain } from "./failures.js";
import { IMPORT_NAME, META_NAME } from "./imports.js";
import { closeStdin, readOrders } from "./orders.js";
import { displayPieces, endPieces } from "./reports.js";
import { disposeOf, useResource } from "./resources.js";
import { CELL_REPORT, forgetDenials, reportDenial } from "../start.js";

/** Built-ins as they were before any cell declared the same names. */
const {
  JSON,
  Object,
  Promise,
  Proxy,
  ReadableStream,
  SyntaxError,
  TextDecoder,
  TextEncoder,
  TypeError,
  URL,
  clearTimeout,
  queueMicrotask,
  setTimeout,
} = globalThis;
const { exit, stdin, stdout, stderr } = Deno;
const [print, write] = [stdout, stderr].map((stream) => stream.writeSync.bind(stream));
const { parse } = JSON;
const encoder = new TextEncoder();
const workspace = pathToFileURL(`${Deno.cwd()}/`);
const nothing = new ReadableStream({ start: (controller) => controller.close() });
/** Code that may reach a module of Node's, which reads stdin by its descriptor. To close that takes 10 ms. */
const REACHES_MODULES = /\b(?:import|require|process)\b/;
/** Events for errors that the program does not handle, and Node's names for them. */
const UNCAUGHT = [
  { type: "unhandledrejection", source: "reason", nodeName: "unhandledRejection" },
  { type: "error", source: "error", nodeName: "uncaughtException" },
];
let interrupt = () => {};

offer(globalThis, {
  [CONST_NAME]: new Proxy({}, { set: refuse }),
  [IMPORT_NAME]: importModule,
  [KEPT_NAME]: {},
  [META_NAME]: metaOf(),
  [USING_NAME]: useResource,
  display,
});
Object.defineProperty(globalThis, VAR_NAME, { get: () => undefined, set: () => {} });
Deno.jupyter = jupyter;
offer(stdin, { read: () => Promise.resolve(null), readSync: () => null, readable: nothing });
for (const { type, source, nodeName } of UNCAUGHT) {
  addEventListener(type, (event) => {
    let isHandled = event.defaultPrevented;
    event.preventDefault();
    event.preventDefault = () => isHandled = true; // Called by the program's listeners, which run later.
    queueMicrotask(() => {
      if (isHandled || globalThis.process?.emit(nodeName, event[source], event.promise)) return;
      complain(explain(event[source]));
    });
  });
}
await serve();

/** Follows the orders of the service until it closes stdin. */
async function serve() {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of readOrders()) {
    text += decoder.decode(bytes, { stream: true });
    const lines = text.split("\n");
    text = lines.pop();
    for (const line of lines) {
      const { cell } = parse(line);
      if (cell === undefined) {
        interrupt();
        continue;
      }
      if (REACHES_MODULES.test(cell.code)) closeStdin();
      run(cell);
    }
  }
  exit(0);
}

async function run({ code, language, maxResultBytes, maxTextLength, name, secret, timeoutMs }) {
  forgetDenials();
  const isTyped = language !== "javascript";
  if (!isTyped) globalThis.require ??= createRequire(workspace);
  const marker = `${CELL_REPORT}${secret}`;
  beginDisplays({ maxBytes: maxResultBytes, send: (bundle) => put(print, displayPieces(bundle, marker)) });
  const ended = Promise.withResolvers();
  interrupt = () => ended.resolve({ kind: "interrupted" });
  const timer = setTimeout(() => ended.resolve({ kind: "timed_out" }), timeoutMs);
  const cell = runCell({ code, isTyped, bounds: { maxBytes: maxResultBytes, maxTextLength }, name, timeoutMs });
  cell.then(ended.resolve);
  const { uncaught, ...report } = await ended.promise;
  clearTimeout(timer);
  interrupt = () => {};
  if (report.kind === "failed") complain(uncaught);
  else if (report.kind !== "done") cell.then(({ uncaught }) => complain(uncaught)); // It cannot be stopped, and may still throw.
  put(print, endPieces({ ...report, ...endDisplays() }, marker));
  put(write, endPieces({}, marker));
}

/** Runs a cell; returns its report, and the uncaught text of its error. It does not reject. */
async function runCell({ code, isTyped, bounds, name, timeoutMs }) {
  const fail = ({ thrown, place }) => {
    reportDenial(thrown);
    return { kind: "failed", ...describe(thrown, { ...bounds, place }) };
  };
  try {
    const { failure, isTimedOut, value } = await evaluate(await toScript(code, { name, isTyped }), { name, timeoutMs });
    await disposeOf(name).catch((thrown) => {
      if (failure === undefined) throw thrown;
      complain(fail({ thrown }).uncaught);
    });
    if (isTimedOut) return { kind: "timed_out" };
    if (failure !== undefined) return fail(failure);
    return { kind: "done", ...await toValue(isDisplay(value) ? await value : value, bounds) };
  } catch (thrown) {
    return fail({ thrown });
  }
}

function refuse() {
  throw new TypeError("Assignment to constant variable.");
}

async function importModule(specifier, options, names = []) {
  const isRelative = /^\.{0,2}\//.test(specifier);
  const module = await import(isRelative ? new URL(specifier, workspace).href : specifier, options);
  const missing = names.find((name) => !(name in module));
  if (missing === undefined) return module;
  throw new SyntaxError(`The requested module '${specifier}' does not provide an export named '${missing}'`);
}

function metaOf() {
  return {
    url: new URL("cell", workspace).href,
    dirname: Deno.cwd(),
    filename: `${Deno.cwd()}/cell`,
    main: true,
    resolve: (specifier) =>
      /^\.{0,2}\//.test(specifier) ? new URL(specifier, workspace).href : import.meta.resolve(specifier),
  };
}

function offer(target, values) {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
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
