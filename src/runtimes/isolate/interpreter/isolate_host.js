/** Fills host.js for an isolate. */
import { host, isPath } from "../../interpreters/ecmascript/host.js";

const { Object, Promise, String, TypeError, URL } = globalThis;
/** The functions that the prelude gives an interpreter. No cell finds them. */
const own = globalThis.$interpreter;
delete globalThis.$interpreter;

const WORKSPACE = "file:///workspace/";

/** The URL of a file of the workspace. Nothing else can be imported. */
function resolve(specifier) {
  if (isPath(specifier)) return new URL(specifier, WORKSPACE).href;
  throw new TypeError(`Only files of the workspace are imported here, and ${String(specifier)} is none`);
}

Object.assign(host, {
  ...own,
  cwd: "/workspace",
  readFile: () => Promise.reject(new TypeError("No file can be read here")),
  onUncaught: () => {}, // The process of the slot reports errors that nothing handled.
  resolve,
  isTyped: () => false,
});
