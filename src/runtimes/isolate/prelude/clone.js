import { partOf } from "./parts.js";

const { defineProperty, getOwnPropertyDescriptor, getOwnPropertyNames, getPrototypeOf, keys } = Object;

let prototypes; // Of ECMAScript's own classes.

/**
 * Clones a value as HTML's `structuredClone()` does.
 *
 * @throws {DOMException} `DataCloneError`; what a getter of the value throws
 */
export function clone(value, transfer) {
  let failure;
  try {
    return copy(value, transfer);
  } catch (error) {
    failure = error; // A copy takes no object with a getter.
  }
  const walk = { seen: new Map(), hasGetter: false };
  const read = withoutGetters(value, walk);
  try {
    if (walk.hasGetter) return copy(read, transfer);
  } catch (error) {
    failure = error;
  }
  const { DOMException } = partOf("dom_exception");
  throw new DOMException(failure.message, "DataCloneError");
}

function copy(value, transferList) {
  const { ExternalCopy } = partOf("ivm");
  return new ExternalCopy(value, { transferList }).copy();
}

/**
 * A value with what its getters give in their place.
 *
 * @param walk `seen`: objects and what stands for them, as a value may contain itself; `hasGetter`: whether one was met
 */
function withoutGetters(value, walk) {
  if (typeof value !== "object" || value === null) return value;
  const { seen } = walk;
  if (seen.has(value)) return seen.get(value);
  const made = emptyLike(value);
  seen.set(value, made);
  if (made === value) return value;
  if (isA(Map, made)) {
    for (const [key, one] of value) made.set(withoutGetters(key, walk), withoutGetters(one, walk));
  } else if (isA(Set, made)) {
    for (const one of value) made.add(withoutGetters(one, walk));
  } else {
    for (const key of keys(value)) {
      walk.hasGetter ||= getOwnPropertyDescriptor(value, key)?.get !== undefined;
      const own = { "__proto__": null, configurable: true, enumerable: true, writable: true };
      defineProperty(made, key, { ...own, value: withoutGetters(value[key], walk) });
    }
  }
  return made;
}

/** A new object of the same kind, without properties. An object that has no others in it stands for itself. */
function emptyLike(value) {
  if (Array.isArray(value)) return Array(value.length);
  if (isA(Map, value)) return new Map();
  if (isA(Set, value)) return new Set();
  return isPlain(value) ? {} : value;
}

/** Whether an object has nothing but properties. The name in its tag proves nothing. */
function isPlain(value) {
  if (!(Symbol.toStringTag in value)) return Object.prototype.toString.call(value) === "[object Object]";
  prototypes ??= listPrototypes();
  for (let one = value; one !== null; one = getPrototypeOf(one)) if (prototypes.has(one)) return false;
  return true;
}

/** The prototypes of the classes whose objects have more than properties. */
function listPrototypes() {
  const classes = [Promise, WeakMap, WeakSet, WeakRef, FinalizationRegistry, ArrayBuffer, SharedArrayBuffer, DataView];
  classes.push(getPrototypeOf(Int8Array), Iterator, Date, RegExp, Error, Boolean, Number, String, Symbol, BigInt);
  for (const space of [Intl, globalThis.Temporal, globalThis.WebAssembly]) {
    if (space !== undefined) classes.push(...getOwnPropertyNames(space).map((name) => space[name]));
  }
  const asyncGenerator = getPrototypeOf(async function* () {}).prototype;
  return new Set([asyncGenerator, ...classes.map((one) => one?.prototype).filter((one) => one !== undefined)]);
}

/** Whether an object is one of `Map` or `Set`. Its prototype and its names prove nothing. */
function isA({ prototype }, value) {
  try {
    prototype.has.call(value);
    return true;
  } catch {
    return false;
  }
}
