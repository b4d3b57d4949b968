/** MIME bundles for values, as in notebooks of Deno. */
import { host } from "./host.js";
import { toText } from "./reports.js";

const { Array, Math, Number, Object, Promise, RangeError, Symbol, TextEncoder, TypeError, Uint8Array } = globalThis;
const { inspect } = host;
const encoder = new TextEncoder();
/** The method by which a value gives its own bundle. */
export const DISPLAY = Symbol.for("Jupyter.display");
const MAX_DEPTH = 32;
const MAX_VALUES = 20_000;
const VALUE_BYTES = 210;
const MARK_LENGTH = 64;
const PNG = [0x89, 0x50, 0x4e, 0x47];
const JPEG = [0xff, 0xd8, 0xff];

/** The answer for the last expression of a cell. It has a text, and JSON where that is possible, else a bundle. */
export async function toValue(value, { maxBytes, maxTextLength }) {
  if (value === undefined) return {};
  const bundle = ownBundle(value);
  const shown = inspectSafely(value);
  const text = cut(shown, maxTextLength);
  if (bundle !== undefined) return { value: fit(await bundle, value, maxBytes), valueType: "mime", text };
  const json = toJson(value);
  if (json !== undefined && costOf(json) <= maxBytes) return { value: json, valueType: "json", text };
  const plain = typeof value === "string" ? value : shown;
  return { value: fit(toPlainBundle(value, plain), value, maxBytes), valueType: "mime", text };
}

/** The bundle of a value, or a promise of it. */
export function toBundle(value) {
  return ownBundle(value) ?? toPlainBundle(value, show(value));
}

function toPlainBundle(value, shown) {
  const text = { "text/plain": shown };
  if (value instanceof Uint8Array) {
    if (PNG.every((byte, at) => value[at] === byte)) return { ...text, "image/png": value.toBase64() };
    if (JPEG.every((byte, at) => value[at] === byte)) return { ...text, "image/jpeg": value.toBase64() };
  }
  return text;
}

/** The text of a value; that of a string is the string. */
export function show(value) {
  return typeof value === "string" ? value : inspectSafely(value);
}

function inspectSafely(value) {
  // Every engine shows such a value so, and cells often have one. To inspect one costs a cell 0.015 ms.
  if (typeof value === "boolean" || (typeof value === "number" && value !== 0)) return `${value}`;
  try {
    return `${inspect(value, { colors: false })}`;
  } catch (error) {
    return `[a value that cannot be shown: ${typeof error}]`;
  }
}

/** A text within its bound. In a longer text, a mark stands for the middle. */
export function cut(text, maxLength) {
  if (text.length <= maxLength) return text.toWellFormed();
  const half = Math.floor((maxLength - MARK_LENGTH) / 2);
  const omitted = encoder.encode(text.slice(half, -half)).length;
  return `${text.slice(0, half)}\n[… ${omitted} bytes are left out here …]\n${text.slice(-half)}`.toWellFormed();
}

/** The cost of a value as JSON, in bytes. Each value in it counts at least 210, for the time that reading takes. */
export function costOf(json) {
  return Math.max(encoder.encode(toText(json)).length, countValues(json) * VALUE_BYTES);
}

function countValues(json) {
  if (typeof json !== "object" || json === null) return 1;
  return Object.values(json).reduce((sum, value) => sum + countValues(value), 1);
}

/** A bundle within a length. Of a longer one, the text remains, which is cut where it is too long. */
export function fit(bundle, value, maxBytes) {
  if (costOf(bundle) <= maxBytes) return bundle;
  const text = typeof bundle["text/plain"] === "string" ? bundle["text/plain"] : show(value);
  const plain = { "text/plain": text };
  if (costOf(plain) <= maxBytes) return plain;
  return { "text/plain": cut(text, Math.floor(maxBytes / 8)) };
}

function ownBundle(value) {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  if (typeof value[DISPLAY] !== "function") return undefined;
  const bundle = value[DISPLAY]();
  return typeof bundle?.then === "function" ? Promise.resolve(bundle).then(checkBundle) : checkBundle(bundle);
}

/** Checks a bundle: bytes become base64, and values that are no JSON become text. */
export function checkBundle(bundle) {
  if (typeof bundle !== "object" || bundle === null || Array.isArray(bundle)) {
    throw new TypeError("Cannot display a value as its bundle must be an object of MIME types");
  }
  return Object.fromEntries(
    Object.entries(bundle).filter(([, content]) => content !== undefined).map(([type, content]) => {
      if (!type.includes("/")) throw new TypeError(`Cannot display a value as ${show(type)} is no MIME type`);
      if (content instanceof Uint8Array) return [type, content.toBase64()];
      return [type, toJson(content) ?? show(content)];
    }),
  );
}

/** A copy of a value that JSON carries whole. Undefined for other values, such as a Map, a cycle or NaN. */
function toJson(value) {
  let left = MAX_VALUES;
  const copy = (value, depth) => {
    if (depth > MAX_DEPTH || --left < 0) throw new RangeError();
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)) return value;
    if (Array.isArray(value)) return Array.from(value, (item) => copy(item, depth + 1));
    if (typeof value === "object" && isPlain(value)) {
      const entries = Object.entries(value).map(([key, item]) => [key, copy(item, depth + 1)]);
      return Object.fromEntries(entries);
    }
    throw new TypeError();
  };
  try {
    return copy(value, 0);
  } catch {
    return undefined;
  }
}

function isPlain(value) {
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.getOwnPropertySymbols(value).length === 0;
}
