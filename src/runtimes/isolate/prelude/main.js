import "./blob.js";
import { makeConsole } from "./console.js";
import "./encoding.js";
import { DOMException } from "./events.js";
import { makeImports } from "./imports.js";
import { define } from "./inspect.js";
import { makeInterpreter } from "./interpreter.js";
import { nameOriginals } from "./stack_traces.js";
import { makeTimers } from "./timers.js";
import { makeUrl } from "./url.js";

/** Names of the classes of streams. Few programs use them, so they are loaded at the first use. */
const STREAMS = [
  ...["ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "ReadableStreamBYOBRequest"],
  ...["ReadableByteStreamController", "ReadableStreamDefaultController", "WritableStream"],
  ...["WritableStreamDefaultWriter", "WritableStreamDefaultController", "TransformStream"],
  ...["TransformStreamDefaultController", "ByteLengthQueuingStrategy", "CountQueuingStrategy"],
];

/** The most random bytes at once: Web Crypto's own. */
const MAX_RANDOM_BYTES = 65_536;

/** Gives a program its globals. @param host functions of the process of the slot, which take and return primitive values */
export function begin(host) {
  let timeOrigin; // An isolate may wait long for its program, whose time begins later.
  const { step } = makeTimers(host);
  Object.assign(globalThis.console, makeConsole(host));
  const globals = {
    URL: makeUrl(host),
    self: globalThis,
    name: "",
    performance: Object.freeze({
      now: () => host.now(),
      get timeOrigin() {
        return timeOrigin ??= Date.now() - host.now();
      },
      toJSON: () => ({ timeOrigin: performance.timeOrigin }),
    }),
    queueMicrotask: (callback) => {
      if (typeof callback !== "function") throw new TypeError("queueMicrotask() takes a function");
      Promise.resolve().then(() => callback());
    },
    reportError: (error) => {
      Promise.reject(error);
    },
    structuredClone: (value, { transfer = [] } = {}) => {
      try {
        return host.clone(value, [...transfer]);
      } catch (error) {
        throw new DOMException(error.message, "DataCloneError");
      }
    },
    crypto: makeCrypto(host),
  };
  for (const [name, value] of Object.entries(globals)) define(globalThis, name, value);
  for (const name of STREAMS) {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      enumerable: false,
      get: () => defineStreams(host)[name],
      set: (value) => define(globalThis, name, value),
    });
  }
  const imports = makeImports(host);
  return { step, nameOriginals, ...imports, ...makeInterpreter(imports.importFrom) };
}

function defineStreams(host) {
  for (const name of STREAMS) delete globalThis[name];
  host.loadStreams();
  for (const name of STREAMS) define(globalThis, name, globalThis[name]);
  return globalThis;
}

function makeCrypto(host) {
  return Object.freeze({
    getRandomValues: (array) => {
      if (!ArrayBuffer.isView(array) || array instanceof DataView || /Float/.test(array.constructor?.name ?? "")) {
        throw new DOMException("Only an array of integers takes random values", "TypeMismatchError");
      }
      if (array.byteLength > MAX_RANDOM_BYTES) {
        throw new DOMException(`At most ${MAX_RANDOM_BYTES} random bytes are made at once`, "QuotaExceededError");
      }
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      bytes.set(Uint8Array.fromHex(host.random(array.byteLength)));
      return array;
    },
    randomUUID: () => host.uuid(),
  });
}
