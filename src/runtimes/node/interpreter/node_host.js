/** Fills host.js for Node. */
import { Socket } from "node:net";
import { host } from "../../interpreters/ecmascript/host.js";
import { flushStreams, ORDERS } from "../../ecmascript/process_host.js";

const { Object, Set, process } = globalThis;
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

host.flush = () => flushStreams(opened);
host.readOrders = () => new Socket({ fd: ORDERS, readable: true, writable: false });
