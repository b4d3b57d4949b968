import streams from "web-streams-polyfill" with { type: "text" };
import context from "./host/context.cjs" with { type: "text" };
import errors from "./host/errors.cjs" with { type: "text" };
import frames from "./host/frames.cjs" with { type: "text" };
import importCalls from "./host/import_calls.cjs" with { type: "text" };
import hostImports from "./host/imports.cjs" with { type: "text" };
import lock from "./host/lock.cjs" with { type: "text" };
import main from "./host/main.cjs" with { type: "text" };
import modules from "./host/modules.cjs" with { type: "text" };
import positions from "./host/positions.cjs" with { type: "text" };
import program from "./host/program.cjs" with { type: "text" };
import typescript from "./host/typescript.cjs" with { type: "text" };
import blob from "./prelude/blob.js" with { type: "text" };
import console from "./prelude/console.js" with { type: "text" };
import encoding from "./prelude/encoding.js" with { type: "text" };
import events from "./prelude/events.js" with { type: "text" };
import imports from "./prelude/imports.js" with { type: "text" };
import inspect from "./prelude/inspect.js" with { type: "text" };
import interpreter from "./prelude/interpreter.js" with { type: "text" };
import preludeMain from "./prelude/main.js" with { type: "text" };
import stackTraces from "./prelude/stack_traces.js" with { type: "text" };
import timers from "./prelude/timers.js" with { type: "text" };
import url from "./prelude/url.js" with { type: "text" };

/** The directory of the modules of a slot's process. */
export const HOST = "host";
/** The main module among them. */
export const HOST_MAIN = "main.cjs";

/** The empty configuration of OpenSSL's beside them. Node does not start where a layer hides its own. */
export const NO_CONFIGURATION = "openssl.cnf";

/** The modules that begin every program. Each needs those before it. */
const PRELUDE = [inspect, console, timers, events, encoding, url, blob, stackTraces, imports, interpreter, preludeMain];

/** The functions of the slot's process, in the order in which it passes them. */
const HOST_FUNCTIONS = "print, now, parseUrl, changeUrl, random, uuid, importModule, loadStreams, ivm";

/**
 * Built-ins of the language that the prelude uses. It takes them before a cell of a context declares the same names.
 */
const BUILT_INS = [
  ...["Array", "ArrayBuffer", "BigInt", "Boolean", "DataView", "Date", "Error", "EvalError", "Function", "Infinity"],
  ...["Intl", "JSON", "Map", "Math", "NaN", "Number", "Object", "Promise", "Proxy", "RangeError", "ReferenceError"],
  ...["Reflect", "RegExp", "Set", "String", "Symbol", "SyntaxError", "TypeError", "URIError", "Uint8Array", "WeakMap"],
  ...["WeakRef", "WeakSet", "isNaN", "parseFloat", "parseInt"],
].join(", ");

/**
 * The script whose value is a function that begins a program. It has the modules one after the other, without their
 * imports.
 */
function preludeText(): string {
  const modules = PRELUDE.map((module) => module.replaceAll(/^import .*;$/gm, "").replaceAll(/^export /gm, ""));
  return `((${HOST_FUNCTIONS}) => {
"use strict";
const { ${BUILT_INS} } = globalThis;
const { ExternalCopy } = ivm;
${modules.join("\n")}
return begin({
  print,
  now,
  parseUrl,
  changeUrl,
  random,
  uuid,
  importModule,
  loadStreams,
  clone: (value, transferList) => new ExternalCopy(value, { transferList }).copy(),
});
})`;
}

/** Every module that runs inside the process of a slot, by its path. */
export const MODULE_TEXTS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    "context.cjs": context,
    "errors.cjs": errors,
    "frames.cjs": frames,
    "import_calls.cjs": importCalls,
    "imports.cjs": hostImports,
    "lock.cjs": lock,
    [HOST_MAIN]: main,
    "modules.cjs": modules,
    [NO_CONFIGURATION]: "",
    "positions.cjs": positions,
    "program.cjs": program,
    "prelude.js": preludeText(),
    "streams.js": streams,
    "typescript.cjs": typescript,
  }).map(([name, text]) => [`${HOST}/${name}`, text]),
);
