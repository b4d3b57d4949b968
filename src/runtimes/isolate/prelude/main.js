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
const { apply, defineProperty: tryDefine } = Reflect;
const { defineProperty: mustDefine, getOwnPropertyDescriptor, hasOwn } = Object;
const globals = globalThis;

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
  keepPart("parts", { partOf, usedPart });
  keepPart("main", {
    /** Takes a part of the prelude. @param make evaluates it */
    givePart: (name, make) => keepPart(name, make(builtIns(), partOf)),
    /** Takes what copies values of isolated-vm's functions. */
    giveLibrary: ({ ExternalCopy }) => keepPart("ivm", { ExternalCopy }),
    step: () => usedPart("timers")?.step() ?? -1,
  });
  const values = {
    console: makeConsole(globalThis.console),
    self: globalThis,
    name: "",
    performance: Object.freeze({
      now: () => host.now(),
      get timeOrigin() {
        return timeOrigin ??= Date.now() - host.now();
      },
      toJSON() {
        return { timeOrigin: this.timeOrigin };
      },
    }),
    queueMicrotask: (callback) => {
      if (typeof callback !== "function") throw new TypeError("queueMicrotask() takes a function");
      Promise.resolve().then(() => callback());
    },
    reportError: (error) => {
      Promise.reject(error);
    },
    structuredClone: (value, { transfer = [] } = {}) => partOf("clone").clone(value, [...transfer]),
    crypto: Object.freeze({ getRandomValues, randomUUID: () => host.uuid() }),
  };
  for (const [name, value] of Object.entries(values)) define(globals, name, value);
  for (const [part, names] of Object.entries(RARE)) {
    for (const name of names) defineRare(name, part);
  }
  return (part, name, ...args) => apply(partOf(part)[name], undefined, args);
}

/**
 * Makes a global that is loaded at its first use. To a program it is as any other, but for its descriptor until then:
 * where the program has frozen its globals, it stays an accessor.
 */
function defineRare(name, part) {
  const get = () => {
    const value = partOf(part)[name];
    if (getOwnPropertyDescriptor(globals, name)?.get === get) {
      tryDefine(globals, name, { "__proto__": null, value, writable: true });
    }
    return value;
  };
  mustDefine(globals, name, {
    configurable: true,
    enumerable: false,
    get,
    /** Sets it on the object that inherits it, where it is that one's. @throws {TypeError} where that cannot be */
    set(value) {
      const own = { "__proto__": null, value, writable: true };
      mustDefine(this, name, hasOwn(this, name) ? own : { ...own, configurable: true, enumerable: true });
    },
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
