/** Fills host.js for Deno. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { host, isPath } from "../../interpreters/ecmascript/host.js";
import { readOrders } from "./orders.js";
import { declare, isTimeout, runScript } from "./scripts.js";
import { findFault, stripTypes, transformTypes } from "./types.js";

const { Object, URL, queueMicrotask } = globalThis;
const { exit, inspect, readFile, stderr, stdout } = Deno;
const cwd = Deno.cwd();
const workspace = pathToFileURL(`${cwd}/`);
/** Events for errors that the program does not handle, and Node's names for them. */
const UNCAUGHT = [
  { type: "unhandledrejection", source: "reason", nodeName: "unhandledRejection" },
  { type: "error", source: "error", nodeName: "uncaughtException" },
];

function onUncaught(report) {
  for (const { type, source, nodeName } of UNCAUGHT) {
    addEventListener(type, (event) => {
      let isHandled = event.defaultPrevented;
      event.preventDefault();
      event.preventDefault = () => isHandled = true; // Called by the program's listeners, which run later.
      queueMicrotask(() => {
        if (isHandled || globalThis.process?.emit(nodeName, event[source], event.promise)) return;
        report(event[source]);
      });
    });
  }
}

/** The URL of a module that a file of the workspace imports. */
function resolve(specifier) {
  return isPath(specifier) ? new URL(specifier, workspace).href : import.meta.resolve(specifier);
}

Object.assign(host, {
  namespace: Deno,
  cwd,
  exit,
  inspect,
  readFile,
  prints: [stdout, stderr].map((stream) => stream.writeSync.bind(stream)),
  readOrders,
  onUncaught,
  declare,
  runScript,
  isTimeout,
  importFrom: (specifier, options) => import(isPath(specifier) ? resolve(specifier) : specifier, options),
  resolve,
  isTyped: (language) => language !== "javascript",
  makeRequire: (language, url) => language === "javascript" ? createRequire(url) : undefined,
  stripTypes,
  transformTypes,
  findFault,
});
