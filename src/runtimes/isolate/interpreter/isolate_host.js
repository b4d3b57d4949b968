/** Makes an isolate the interpreter's host. */
import { host, isPath } from "../../interpreters/ecmascript/host.js";
import { parseCell } from "../../interpreters/ecmascript/parser.js";

const { Object, Promise, String, TypeError, URL } = globalThis;
/** What the prelude gives an interpreter, which no cell finds. */
const own = globalThis.$interpreter;
delete globalThis.$interpreter;

const WORKSPACE = "file:///workspace/";

/** The URL of a file of the workspace: there is nothing else to import. */
function resolve(specifier) {
  if (isPath(specifier)) return new URL(specifier, WORKSPACE).href;
  throw new TypeError(`Only files of the workspace are imported here, and ${String(specifier)} is none`);
}

/** Where a script is no JavaScript, which `eval` does not say; undefined where it is. */
function findPlace(script, { name }) {
  try {
    parseCell(script);
    return undefined;
  } catch ({ loc }) {
    return loc === undefined ? undefined : { name, lineNumber: loc.line - 1, columnNumber: loc.column };
  }
}

Object.assign(host, {
  ...own,
  cwd: "/workspace",
  readFile: () => Promise.reject(new TypeError("No file can be read here")),
  onUncaught: () => {}, // The process of the slot tells what nothing handled.
  resolve,
  findPlace,
  isTyped: () => false,
});
