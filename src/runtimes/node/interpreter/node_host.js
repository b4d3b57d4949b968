/** Fills host.js for Node. */
import { Socket } from "node:net";
import { stripTypeScriptTypes } from "node:module";
import { host } from "../../interpreters/ecmascript/host.js";
import { parseCell } from "../../interpreters/ecmascript/parser.js";
import { flushStreams, ORDERS } from "../../ecmascript/process_host.js";

const { Object, Set, SyntaxError, process } = globalThis;
/** Node's error for TypeScript that is more than types, as an enum. */
const NOT_ERASABLE = "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX";
/**
 * Streams that the program has opened. Reading the property opens a stream, and then a write to its descriptor may
 * fail.
 */
const opened = new Set();

for (const name of ["stdout", "stderr"]) {
  const { get: open } = Object.getOwnPropertyDescriptor(process, name);
  const get = () => {
    const stream = open.call(process);
    opened.add(stream);
    return stream;
  };
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get });
}

/** The source without its types. JavaScript stays as it is. */
function stripTypes(source) {
  try {
    parseCell(source);
    return source;
  } catch {
    return withoutTypes(source);
  }
}

/** Strips types without Node's warning that this is experimental. */
function withoutTypes(source) {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** The error of a cell that is more than types. Of any other, the engine's own words say more. */
function findFault(source, { isTyped, name }) {
  if (!isTyped) return undefined;
  try {
    stripTypes(source);
    return undefined;
  } catch (error) {
    if (error.code !== NOT_ERASABLE) return undefined;
    const fault = new SyntaxError(error.message);
    fault.stack = `SyntaxError: ${error.message}\n    at ${name}`;
    return fault;
  }
}

host.isTyped = (language) => language !== "javascript";
host.stripTypes = stripTypes;
host.findFault = findFault;
host.flush = () => flushStreams(opened);
host.readOrders = () => new Socket({ fd: ORDERS, readable: true, writable: false });
