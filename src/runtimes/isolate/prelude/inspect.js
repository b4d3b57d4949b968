/**
 * Shows values as text, in the way of Node's `util.inspect` without colours. It is a part of the prelude of every
 * program.
 */
import { FIELDS } from "./define.js";
import { usedPart } from "./parts.js";

const BREAK_LENGTH = 80;
/** Levels of objects that share a line at most. */
const COMPACT = 3;
const MAX_ITEMS = 100;
/** The longest list whose own keys are shown beside its items. */
const MAX_KEYS = 100_000;
const MAX_STRING = 10_000;
const DEPTH = 2;

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { ownKeys } = Reflect;
const TypedArray = getPrototypeOf(Uint8Array);
const typedArrayTag = getOwnPropertyDescriptor(TypedArray.prototype, Symbol.toStringTag).get;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** A value as text. */
export function inspect(value, { depth = DEPTH } = {}) {
  const state = { depth, seen: [], circular: new Map(), current: 0, indent: 0 };
  return show(value, state, 0);
}

function show(value, state, level) {
  switch (typeof value) {
    case "string":
      return quote(value.length > MAX_STRING ? `${value.slice(0, MAX_STRING)}…` : value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "symbol":
      return value.toString();
    case "object":
      return value === null ? "null" : showObject(value, state, level);
    case "function":
      return showObject(value, state, level);
    default:
      return String(value);
  }
}

/** A string in the quotes that need no escape. */
function quote(text) {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !/[`$]/.test(text) ? "`" : "'";
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll(
    /\\(?:u00(..)|.)/g,
    (whole, digits) => digits === undefined ? whole : `\\x${digits.toUpperCase()}`,
  );
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped.replaceAll(mark, `\\${mark}`)) + mark;
}

function showObject(value, state, level) {
  if (state.seen.includes(value)) {
    if (!state.circular.has(value)) state.circular.set(value, state.circular.size + 1);
    return `[Circular *${state.circular.get(value)}]`;
  }
  const name = nameOf(value);
  const { base, braces, items, keys, isList } = describe(value, name, state);
  const isEmpty = keys.length === 0 && (items === undefined || (isList && value.length === 0));
  if (isEmpty) return base === "" ? braces.join("") : base;
  if (level > state.depth) return Array.isArray(value) ? "[Array]" : `[${name ?? "Object: null prototype"}]`;
  state.seen.push(value);
  state.current = level;
  state.indent += 2;
  const output = [
    ...items?.((item) => show(item, state, level + 1)) ?? [],
    ...keys.map((key) => showProperty({ value, key }, state, level)),
  ];
  state.indent -= 2;
  state.seen.pop();
  const reference = state.circular.has(value) ? `<ref *${state.circular.get(value)}> ` : "";
  const opened = [base === "" ? braces[0] : `${base} ${braces[0]}`, braces[1]];
  return join(output, { braces: [reference + opened[0], opened[1]], isList, value, state, level });
}

function showProperty({ key, value }, state, level) {
  const { get, set, value: own, enumerable } = getOwnPropertyDescriptor(value, key) ?? { value: value[key] };
  const text = get === undefined && set === undefined
    ? show(own, state, level + 1)
    : get === undefined
    ? "[Setter]"
    : set === undefined
    ? "[Getter]"
    : "[Getter/Setter]";
  const shown = typeof key === "symbol" ? `[${key.toString()}]` : IDENTIFIER.test(key) ? key : quote(key);
  return `${enumerable === false ? `[${shown}]` : shown}: ${text}`;
}

/** The name of a value's class; undefined where it has none. */
function nameOf(value) {
  for (let at = value; at !== null; at = getPrototypeOf(at)) {
    const found = getOwnPropertyDescriptor(at, "constructor")?.value;
    if (typeof found === "function" && found.name !== "" && isInstance(value, found)) return String(found.name);
  }
  return undefined;
}

function isInstance(value, type) {
  try {
    return value instanceof type;
  } catch {
    return false; // The class says so by a function of its own, which fails.
  }
}

/** The text before the properties of a value, around them, and beside them. */
function describe(value, name, { indent }) {
  const keys = keysOf(value).filter((key) => getOwnPropertyDescriptor(value, key)?.enumerable === true);
  const prefix = (own, size = "") => {
    const shown = name === undefined ? `[${own}${size}: null prototype] ` : `${name}${size} `;
    const tag = value[Symbol.toStringTag];
    return typeof tag === "string" && tag !== "" && tag !== name ? `${shown}[${tag}] ` : shown;
  };
  const plain = { base: "", braces: ["{", "}"], items: undefined, keys, isList: false };
  if (Array.isArray(value)) {
    const before = name === "Array" ? "" : prefix("Array", `(${value.length})`);
    return { ...plain, ...listOf(value, keys), braces: [`${before}[`, "]"] };
  }
  if (typeof value === "function") return { ...plain, base: describeFunction(value) };
  const typed = typedArrayTag.call(value);
  if (typed !== undefined) {
    return { ...plain, ...listOf(value, keys), braces: [`${prefix(typed, `(${value.length})`)}[`, "]"] };
  }
  const boxed = unboxed(value);
  if (boxed !== undefined) return { ...plain, base: boxed, keys: keys.filter((key) => !/^\d+$/.test(String(key))) };
  if (value instanceof Error) return { ...plain, base: describeError(value, indent), keys: errorKeys(value, keys) };
  if (value instanceof Map && isOf(Map, value)) {
    const items = (each) => take(value, ([key, item]) => `${each(key)} => ${each(item)}`, value.size);
    return { ...plain, items, braces: [`${prefix("Map", `(${value.size})`)}{`, "}"] };
  }
  const { URLSearchParams } = usedPart("url") ?? {};
  if (URLSearchParams !== undefined && value instanceof URLSearchParams) {
    const items = (each) => take(value, ([key, item]) => `${each(key)} => ${each(item)}`, value.size);
    return { ...plain, items, braces: ["URLSearchParams {", "}"] };
  }
  if (value instanceof Set && isOf(Set, value)) {
    return {
      ...plain,
      items: (each) => take(value, each, value.size),
      braces: [`${prefix("Set", `(${value.size})`)}{`, "}"],
    };
  }
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return { ...plain, items: () => [`byteLength: ${value.byteLength}`], braces: [`${prefix("ArrayBuffer")}{`, "}"] };
  }
  if (value instanceof WeakMap || value instanceof WeakSet) {
    return { ...plain, items: () => ["<items unknown>"], braces: [`${prefix("WeakMap")}{`, "}"] };
  }
  if (typeof value[FIELDS] === "function") {
    const fields = Object.entries(value[FIELDS]());
    const items = (each) => fields.map(([key, field]) => `${key}: ${each(field)}`);
    return { ...plain, items, braces: [`${name} {`, "}"], keys: [] };
  }
  const before = prefix("Object");
  return { ...plain, braces: [`${before === "Object " ? "" : before}{`, "}"] };
}

/** The keys of a value. Of a long list they are left out, as its indices are among them, each a text of its own. */
function keysOf(value) {
  const isList = Array.isArray(value) || typedArrayTag.call(value) !== undefined;
  return isList && value.length > MAX_KEYS ? [] : ownKeys(value);
}

function listOf(value, keys) {
  return {
    isList: true,
    keys: keys.filter((key) => typeof key === "symbol" || !/^\d+$/.test(key)),
    items: (each) => {
      const shown = [];
      let index = 0;
      for (; index < value.length && shown.length < MAX_ITEMS; index++) {
        if (index in value) shown.push(each(value[index]));
        else {
          let end = index;
          while (end < value.length && !(end in value)) end++;
          shown.push(`<${end - index} empty item${end - index > 1 ? "s" : ""}>`);
          index = end - 1;
        }
      }
      return index < value.length ? [...shown, more(value.length - index)] : shown;
    },
  };
}

/** Whether a value has the fields of a built-in class, and not its prototype alone. */
function isOf({ prototype }, value) {
  try {
    getOwnPropertyDescriptor(prototype, "size").get.call(value);
    return true;
  } catch {
    return false;
  }
}

function take(iterable, each, size) {
  const shown = [];
  for (const item of iterable) {
    if (shown.length === MAX_ITEMS) return [...shown, more(size - MAX_ITEMS)];
    shown.push(each(item));
  }
  return shown;
}

function more(count) {
  return `... ${count} more item${count > 1 ? "s" : ""}`;
}

function describeFunction(value) {
  const source = Function.prototype.toString.call(value);
  const name = typeof value.name === "string" && value.name !== "" ? value.name : undefined;
  if (/^class\b/.test(source)) {
    const parent = getPrototypeOf(value);
    const above = parent !== null && parent.name ? ` extends ${parent.name}` : "";
    return `[class ${name ?? "(anonymous)"}${above}]`;
  }
  const kind = getPrototypeOf(value)?.constructor?.name;
  return `[${/Function$/.test(kind) ? kind : "Function"}${name === undefined ? " (anonymous)" : `: ${name}`}]`;
}

/** The text of built-in values without properties; undefined for any other. */
function unboxed(value) {
  try {
    if (value instanceof Date) {
      return Number.isNaN(Date.prototype.getTime.call(value)) ? "Invalid Date" : Date.prototype.toISOString.call(value);
    }
    if (value instanceof RegExp) return RegExp.prototype.toString.call(value);
    for (const type of [Number, String, Boolean, BigInt, Symbol]) {
      if (value instanceof type) return `[${type.name}: ${show(type.prototype.valueOf.call(value), {}, 0)}]`;
    }
  } catch {
    // The value has only the prototype of a built-in class.
  }
  return undefined;
}

function describeError(error, indent) {
  const { stack } = error;
  const text = typeof stack === "string" && stack !== "" ? stack : `[${String(error)}]`;
  return text.split("\n").filter((line) => !line.includes("codebeaker:")).join(`\n${" ".repeat(indent)}`);
}

function errorKeys(error, keys) {
  const own = keys.filter((key) => key !== "stack" && key !== "message");
  const hidden = ["cause", "errors"].filter((key) => Object.hasOwn(error, key) && !own.includes(key));
  return [...own, ...hidden.filter((key) => key === "cause" || Array.isArray(error.errors))];
}

/** Joins texts of values: on one line where they are short and not deep. */
function join(output, { braces: [open, close], isList, level, state, value }) {
  if (output.length === 0) return `${open}${close}`;
  const grouped = isList && output.length > 6 ? group(output, { state, value }) : output;
  if (state.current - level < COMPACT && grouped === output) {
    const start = output.length + state.indent + open.length + 10;
    const length = output.reduce((total, text) => total + text.length, start + output.length);
    if (length <= BREAK_LENGTH && ![open, ...output].some((text) => text.includes("\n"))) {
      return `${open} ${output.join(", ")} ${close}`;
    }
  }
  const margin = " ".repeat(state.indent);
  return `${open}\n${margin}  ${grouped.join(`,\n${margin}  `)}\n${margin}${close}`;
}

/** Puts short items of a list in columns. */
function group(output, { state, value }) {
  const count = output.length > MAX_ITEMS && value.length > MAX_ITEMS ? output.length - 1 : output.length;
  const lengths = output.slice(0, count).map(({ length }) => length);
  const total = lengths.reduce((sum, length) => sum + length + 2, 0);
  const widest = Math.max(...lengths) + 2;
  if (widest * 3 + state.indent >= BREAK_LENGTH || (total / widest <= 5 && widest > 8)) return output;
  const biased = Math.max(widest - 3 - Math.sqrt(widest - total / output.length), 1);
  const columns = Math.min(
    Math.round(Math.sqrt(2.5 * biased * count) / biased),
    Math.floor((BREAK_LENGTH - state.indent) / widest),
    COMPACT * 4,
    15,
  );
  if (columns <= 1) return output;
  const widths = Array.from(
    { length: columns },
    (_, column) => Math.max(...lengths.filter((_, index) => index % columns === column)) + 2,
  );
  const isNumeric = output.every((_, index) => /^(?:number|bigint)$/.test(typeof value[index]));
  const rows = [];
  for (let index = 0; index < count; index += columns) {
    const cells = output.slice(index, Math.min(index + columns, count));
    rows.push(
      cells.map((text, column) => {
        const isLast = column === cells.length - 1;
        const cell = isLast ? text : `${text}, `;
        if (isNumeric) return cell.padStart(widths[column] - (isLast ? 2 : 0));
        return isLast ? cell : cell.padEnd(widths[column]);
      }).join(""),
    );
  }
  return [...rows, ...output.slice(count)];
}
