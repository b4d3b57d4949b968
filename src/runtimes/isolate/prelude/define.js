const { defineProperty } = Object;

/** The method that gives a built-in class's fields to show: its own are private. */
export const FIELDS = Symbol("fields");

/** Makes a property that programs do not see when they list those of an object. */
export function define(target, name, value) {
  defineProperty(target, name, { "__proto__": null, value, writable: true, configurable: true, enumerable: false });
}
