import { lineOf, makeConsole, print, shown } from "./console.js";
import { define, FIELDS } from "./define.js";
import { host } from "./host.js";
import { keepPart, partOf, usedPart } from "./parts.js";

/** Globals of which few programs use any, by the parts that export them. Every isolate makes these arrays anew. */
const RARE = {
  small_globals: ["performance", "queueMicrotask", "reportError", "structuredClone", "crypto"],
  dom_exception: ["DOMException"],
  events: ["Event", "CustomEvent", "EventTarget", "AbortSignal", "AbortController"],
  timers: ["setTimeout", "setInterval", "clearTimeout", "clearInterval"],
  encoding: ["TextEncoder", "TextDecoder", "atob", "btoa"],
  url: ["URL", "URLSearchParams"],
  blob: ["Blob", "File"],
  streams: [
    "ReadableStream",
    "ReadableStreamDefaultReader",
    "ReadableStreamBYOBReader",
    "ReadableStreamBYOBRequest",
    "ReadableByteStreamController",
    "ReadableStreamDefaultController",
    "WritableStream",
    "WritableStreamDefaultWriter",
    "WritableStreamDefaultController",
    "TransformStream",
    "TransformStreamDefaultController",
    "ByteLengthQueuingStrategy",
    "CountQueuingStrategy",
  ],
};

// A program may replace every method, and the iterator of arrays: what a later spread takes in, the program gets.
const { apply, defineProperty: tryDefine } = Reflect;
const { defineProperty: mustDefine, getOwnPropertyDescriptor, hasOwn } = Object;
const globals = globalThis;

/**
 * Gives a program its globals.
 *
 * @param builtIns a function that gives the built-ins that the prelude uses
 * @returns a function by which the process of the slot calls those of the prelude
 */
export function begin(builtIns) {
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
  keepPart("console", { lineOf, print, shown });
  define(globals, "console", makeConsole(globals.console));
  define(globals, "self", globals);
  define(globals, "name", "");
  for (const part in RARE) { // Iterators take longer, and this runs for every program.
    const names = RARE[part];
    for (let at = 0; at < names.length; at++) defineRare(names[at], part);
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
