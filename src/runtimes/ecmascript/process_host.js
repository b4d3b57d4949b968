/** Fills host.js for Node and Bun. */
import fs from "node:fs";
import { createRequire } from "node:module";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { inspect, promisify } from "node:util";
import { constants, runInThisContext } from "node:vm";
import { host, isPath } from "../interpreters/ecmascript/host.js";

const {
  Atomics,
  Int32Array,
  Object,
  Promise,
  SharedArrayBuffer,
  URL,
  clearTimeout,
  process,
  setImmediate,
  setTimeout,
} = globalThis;
/** Functions of Node's modules, which a program may replace. */
const { readFile, writeSync: write } = fs;
const { uncork, write: writeTo } = Writable.prototype;
const { wait } = Atomics;
const cwd = process.cwd();
const exit = process.exit.bind(process);
const { listenerCount } = process;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const workspace = pathToFileURL(`${cwd}/`);
/**
 * How long a stream may take to write nothing. Node's streams write at once, unless the program has replaced their
 * methods.
 */
const MAX_FLUSH_MS = 250;
/** The descriptor of the service's orders. Stdin's own descriptor gives the program nothing. */
export const ORDERS = 3;

const importFrom = makeImport();

/** A function that imports modules as a file of the workspace does. */
function makeImport() {
  const { emitWarning } = process;
  process.emitWarning = () => {}; // Node warns that imports from a script are experimental.
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  const code = "(specifier, options) => import(specifier, options)";
  const made = runInThisContext(code, { filename: `${cwd}/cell.js`, importModuleDynamically });
  made("node:fs");
  process.emitWarning = emitWarning;
  return made;
}

/** A function that writes to a descriptor, and waits where its pipe is full. */
function printTo(descriptor) {
  return (bytes) => {
    for (;;) {
      try {
        return write(descriptor, bytes);
      } catch (error) {
        if (error.code !== "EAGAIN") throw error;
        wait(sleeper, 0, 0, 1);
      }
    }
  };
}

/** Settles when the program's streams are written, and its rejections so far were reported. */
export async function flushStreams(streams, flush = writeNothing) {
  await new Promise((resolve) => setImmediate(resolve));
  for (const stream of streams) {
    if (stream.destroyed || stream.writableEnded) continue;
    try {
      for (let corks = stream.writableCorked; corks > 0; corks--) uncork.call(stream);
      await flush(stream);
    } catch {
      // Best effort: the program may have broken the stream.
    }
  }
}

async function writeNothing(stream) {
  if (stream.writableLength === 0) return;
  let timer;
  await new Promise((resolve) => {
    timer = setTimeout(resolve, MAX_FLUSH_MS);
    writeTo.call(stream, "", resolve);
  });
  clearTimeout(timer);
}

function onUncaught(report) {
  for (const name of ["uncaughtException", "unhandledRejection"]) {
    process.on(name, (error) => {
      if (listenerCount.call(process, name) === 1) report(error);
    });
  }
}

Object.assign(host, {
  cwd,
  exit,
  inspect,
  readFile: promisify(readFile),
  prints: [1, 2].map(printTo),
  onUncaught,
  importFrom,
  resolve: (specifier) => isPath(specifier) ? new URL(specifier, workspace).href : import.meta.resolve(specifier),
  isTyped: () => false,
  makeRequire: (_language, url) => createRequire(url),
});
