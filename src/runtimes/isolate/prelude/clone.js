import { partOf } from "./parts.js";

const { defineProperty, keys } = Object;

/**
 * Clones a value as HTML's `structuredClone()` does.
 *
 * @throws {DOMException} `DataCloneError`; what a getter of the value throws
 */
export function clone(value, transfer) {
  try {
    return copy(value, transfer);
  } catch {
    // A copy takes no object with a getter. Any other value fails again.
  }
  const read = withoutGetters(value, new Map());
  try {
    return copy(read, transfer);
  } catch (error) {
    const { DOMException } = partOf("dom_exception");
    throw new DOMException(error.message, "DataCloneError");
  }
}

function copy(value, transferList) {
  const { ExternalCopy } = partOf("ivm");
  return new ExternalCopy(value, { transferList }).copy();
}

/**
 * A value with what its getters give in their place.
 *
 * @param seen objects and what stands for them, as a value may contain itself
 */
function withoutGetters(value, seen) {
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const made = emptyLike(value);
  seen.set(value, made);
  if (made === value) return value;
  if (isA(Map, made)) {
    for (const [key, one] of value) made.set(withoutGetters(key, seen), withoutGetters(one, seen));
  } else if (isA(Set, made)) {
    for (const one of value) made.add(withoutGetters(one, seen));
  } else {
    for (const key of keys(value)) {
      const own = { "__proto__": null, configurable: true, enumerable: true, writable: true };
      defineProperty(made, key, { ...own, value: withoutGetters(value[key], seen) });
    }
  }
  return made;
}

/** A new object of the same kind, without properties. An object that has no others in it stands for itself. */
function emptyLike(value) {
  if (Array.isArray(value)) return Array(value.length);
  if (isA(Map, value)) return new Map();
  if (isA(Set, value)) return new Set();
  return `${Object.prototype.toString.call(value)}` === "[object Object]" ? {} : value;
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
