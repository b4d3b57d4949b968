import streams from "web-streams-polyfill" with { type: "text" };
import context from "./host/context.cjs" with { type: "text" };
import errors from "./host/errors.cjs" with { type: "text" };
import frames from "./host/frames.cjs" with { type: "text" };
import importCalls from "./host/import_calls.cjs" with { type: "text" };
import importPlaces from "./host/import_places.cjs" with { type: "text" };
import hostImports from "./host/imports.cjs" with { type: "text" };
import lock from "./host/lock.cjs" with { type: "text" };
import main from "./host/main.cjs" with { type: "text" };
import modules from "./host/modules.cjs" with { type: "text" };
import positions from "./host/positions.cjs" with { type: "text" };
import program from "./host/program.cjs" with { type: "text" };
import typescript from "./host/typescript.cjs" with { type: "text" };
import blob from "./prelude/blob.js" with { type: "text" };
import causes from "./prelude/causes.js" with { type: "text" };
import clone from "./prelude/clone.js" with { type: "text" };
import console from "./prelude/console.js" with { type: "text" };
import consoleMethods from "./prelude/console_methods.js" with { type: "text" };
import encoding from "./prelude/encoding.js" with { type: "text" };
import define from "./prelude/define.js" with { type: "text" };
import domException from "./prelude/dom_exception.js" with { type: "text" };
import events from "./prelude/events.js" with { type: "text" };
import preludeHost from "./prelude/host.js" with { type: "text" };
import imports from "./prelude/imports.js" with { type: "text" };
import inspect from "./prelude/inspect.js" with { type: "text" };
import interpreter from "./prelude/interpreter.js" with { type: "text" };
import preludeMain from "./prelude/main.js" with { type: "text" };
import parts from "./prelude/parts.js" with { type: "text" };
import smallGlobals from "./prelude/small_globals.js" with { type: "text" };
import stackTraces from "./prelude/stack_traces.js" with { type: "text" };
import timers from "./prelude/timers.js" with { type: "text" };
import url from "./prelude/url.js" with { type: "text" };

/** The directory of the modules of a slot's process. */
export const HOST = "host";
/** The main module among them. */
export const HOST_MAIN = "main.cjs";

/** The empty configuration of OpenSSL's beside them. Node does not start where a layer hides its own. */
export const NO_CONFIGURATION = "openssl.cnf";

/** The file of all scripts of the prelude, as JSON. */
const PRELUDE_FILE = "prelude.json";

/** The modules that begin every program, in one script. Each needs those before it. */
const PRELUDE = [define, preludeHost, parts, console, preludeMain];

/** The modules that programs use by name, each a script of its own. */
const PARTS = {
  blob,
  causes,
  clone,
  console_methods: consoleMethods,
  dom_exception: domException,
  encoding,
  events,
  imports,
  inspect,
  interpreter,
  small_globals: smallGlobals,
  stack_traces: stackTraces,
  timers,
  url,
};

/**
 * Built-ins of the language that the prelude uses. It takes them before a cell of a context declares the same names.
 */
const BUILT_INS = [
  ...[
    "AggregateError",
    "Array",
    "ArrayBuffer",
    "BigInt",
    "Boolean",
    "DataView",
    "Date",
    "Error",
    "EvalError",
    "Function",
    "Infinity",
  ],
  ...["Intl", "JSON", "Map", "Math", "NaN", "Number", "Object", "Promise", "Proxy", "RangeError", "ReferenceError"],
  ...["Reflect", "RegExp", "Set", "SharedArrayBuffer", "String", "Symbol", "SyntaxError", "TypeError", "URIError"],
  ...["Uint8Array", "WeakMap", "WeakRef", "WeakSet", "encodeURIComponent", "isNaN", "parseFloat", "parseInt"],
].join(", ");

/** Matches an import of a module: the names, and the module's. */
const IMPORT = /^import (\{ [^}]+ \}) from "\.\/(\w+)\.js";$/gm;
/** Matches an export: its declaration, and the name, or several in braces. */
const EXPORT = /^export ((?:class|const|function\*?|let) (\w+|\{ [^}]+ \}))/gm;

/** The script whose value is a function that begins a program. It has the modules one after the other. */
function preludeText(): string {
  const modules = PRELUDE.map((module) => module.replaceAll(IMPORT, "").replaceAll(EXPORT, "$1"));
  return `(($print, $now, $call) => {
"use strict";
const { ${BUILT_INS} } = globalThis;
${modules.join("\n")}
return begin(() => ({ ${BUILT_INS} }));
})`;
}

/** The script whose value is a function that evaluates a module, and returns its exports. */
function partText(module: string): string {
  const names = [...module.matchAll(EXPORT)].map(([, , name = ""]) => name.replaceAll(/[{}]/g, ""));
  return `(($builtIns, $partOf) => {
"use strict";
const { ${BUILT_INS} } = $builtIns;
${module.replaceAll(IMPORT, 'const $1 = $partOf("$2");').replaceAll(EXPORT, "$1")}
return { ${names.join(", ")} };
})`;
}

/** The same of a module as Node has them. */
function nodePartText(module: string): string {
  return `((builtIns) => {
"use strict";
const { ${BUILT_INS} } = builtIns;
const exports = { "__proto__": null };
const module = { exports };
${module}
return exports;
})`;
}

/** The texts of all scripts of the prelude, by their names. */
const PRELUDE_TEXTS: Readonly<Record<string, string>> = {
  prelude: preludeText(),
  ...Object.fromEntries(Object.entries(PARTS).map(([name, module]) => [name, partText(module)])),
  streams: nodePartText(streams),
};

/** Every module that runs inside the process of a slot, by its path. */
export const MODULE_TEXTS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    "context.cjs": context,
    "errors.cjs": errors,
    "frames.cjs": frames,
    "import_calls.cjs": importCalls,
    "import_places.cjs": importPlaces,
    "imports.cjs": hostImports,
    "lock.cjs": lock,
    [HOST_MAIN]: main,
    "modules.cjs": modules,
    [NO_CONFIGURATION]: "",
    "positions.cjs": positions,
    "program.cjs": program,
    [PRELUDE_FILE]: JSON.stringify(PRELUDE_TEXTS),
    "typescript.cjs": typescript,
  }).map(([name, text]) => [`${HOST}/${name}`, text]),
);
