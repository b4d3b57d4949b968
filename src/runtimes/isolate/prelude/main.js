import { makeConsole } from "./console.js";
import { define, FIELDS } from "./define.js";
import { host } from "./host.js";
import { keepPart, partOf, usedPart } from "./parts.js";

/** Globals of which few programs use any, by the parts that export them. */
const RARE = {
  dom_exception: ["DOMException"],
  events: ["Event", "CustomEvent", "EventTarget", "AbortSignal", "AbortController"],
  timers: ["setTimeout", "setInterval", "clearTimeout", "clearInterval"],
  encoding: ["TextEncoder", "TextDecoder", "atob", "btoa"],
  url: ["URL", "URLSearchParams"],
  blob: ["Blob", "File"],
  streams: [
    ...["ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "ReadableStreamBYOBRequest"],
    ...["ReadableByteStreamController", "ReadableStreamDefaultController", "WritableStream"],
    ...["WritableStreamDefaultWriter", "WritableStreamDefaultController", "TransformStream"],
    ...["TransformStreamDefaultController", "ByteLengthQueuingStrategy", "CountQueuingStrategy"],
  ],
};

// A program may replace every method, and the iterator of arrays: what a later spread takes in, the program gets.
const { apply } = Reflect;

/** The most random bytes at once: Web Crypto's own. */
const MAX_RANDOM_BYTES = 65_536;

/**
 * Gives a program its globals.
 *
 * @param builtIns a function that gives the built-ins that the prelude uses
 * @returns a function by which the process of the slot calls those of the prelude
 */
export function begin(builtIns) {
  let timeOrigin; // An isolate may wait long for its program, whose time begins later.
  keepPart("define", { define, FIELDS });
  keepPart("host", { host });
  keepPart("parts", { usedPart });
  keepPart("main", {
    /** Takes a part of the prelude. @param make evaluates it */
    givePart: (name, make) => keepPart(name, make(builtIns(), partOf)),
    /** Takes what copies values of isolated-vm's functions. */
    giveLibrary: ({ ExternalCopy }) => keepPart("ivm", { ExternalCopy }),
    step: () => usedPart("timers")?.step() ?? -1,
  });
  const globals = {
    console: makeConsole(globalThis.console),
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
      const { ExternalCopy } = partOf("ivm");
      try {
        return new ExternalCopy(value, { transferList: [...transfer] }).copy();
      } catch (error) {
        throw domException(error.message, "DataCloneError");
      }
    },
    crypto: Object.freeze({ getRandomValues, randomUUID: () => host.uuid() }),
  };
  for (const [name, value] of Object.entries(globals)) define(globalThis, name, value);
  for (const [part, names] of Object.entries(RARE)) {
    for (const name of names) defineRare(name, part);
  }
  return (part, name, ...args) => apply(partOf(part)[name], undefined, args);
}

/** Makes a global that is loaded at its first use. It stays an accessor where a program has frozen its globals. */
function defineRare(name, part) {
  const become = (value) =>
    Reflect.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  Object.defineProperty(globalThis, name, {
    configurable: true,
    enumerable: false,
    get: () => {
      const value = partOf(part)[name];
      become(value);
      return value;
    },
    set: become,
  });
}

function getRandomValues(array) {
  if (!ArrayBuffer.isView(array) || array instanceof DataView || /Float/.test(array.constructor?.name ?? "")) {
    throw domException("Only an array of integers takes random values", "TypeMismatchError");
  }
  if (array.byteLength > MAX_RANDOM_BYTES) {
    throw domException(`At most ${MAX_RANDOM_BYTES} random bytes are made at once`, "QuotaExceededError");
  }
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  bytes.set(Uint8Array.fromHex(host.random(array.byteLength)));
  return array;
}

function domException(message, name) {
  const { DOMException } = partOf("dom_exception");
  return new DOMException(message, name);
}
