import { host } from "./host.js";
import { partOf } from "./parts.js";

/** The most random bytes at once: Web Crypto's own. */
const MAX_RANDOM_BYTES = 65_536;

let timeOrigin; // An isolate may wait long for its program, whose time begins later.

export const performance = Object.freeze({
  now: () => host.now(),
  get timeOrigin() {
    return timeOrigin ??= Date.now() - host.now();
  },
  toJSON() {
    return { timeOrigin: this.timeOrigin };
  },
});

export const queueMicrotask = (callback) => {
  if (typeof callback !== "function") throw new TypeError("queueMicrotask() takes a function");
  Promise.resolve().then(() => callback());
};

export const reportError = (error) => {
  Promise.reject(error);
};

export const { structuredClone } = {
  structuredClone(value, options = undefined) {
    if (arguments.length === 0) throw new TypeError("structuredClone() takes a value");
    if (!["object", "function", "undefined"].includes(typeof options)) {
      throw new TypeError("The options of structuredClone() are an object");
    }
    const { transfer = [] } = options ?? {};
    return partOf("clone").clone(value, [...transfer]);
  },
};

export const crypto = Object.freeze({ getRandomValues, randomUUID: () => host.uuid() });

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
