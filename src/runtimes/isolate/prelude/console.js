import { host } from "./host.js";
import { partOf } from "./parts.js";

const inspect = (value, options) => partOf("inspect").inspect(value, options);

/** Words of a format: `%s` and its kin. */
const FORMAT = /%[sdifjoOc%]/g;

/** Arguments of `console.log` as a line, without its end. */
export function format(values) {
  const [first, ...rest] = values;
  if (typeof first !== "string") return values.map((value) => shown(value)).join(" ");
  if (rest.length === 0) return first;
  let used = 0;
  const text = first.replaceAll(FORMAT, (word) => {
    if (word === "%%") return "%";
    return used < rest.length ? formatted(word, rest[used++]) : word;
  });
  return [text, ...rest.slice(used).map((value) => shown(value))].join(" ");
}

function formatted(word, value) {
  switch (word) {
    case "%s":
      if (typeof value === "object" && value !== null) {
        return hasOwnText(value) ? String(value) : shown(value, { depth: 0 });
      }
      return typeof value === "bigint" || Object.is(value, -0) ? inspect(value) : String(value);
    case "%d":
      return typeof value === "bigint" ? `${value}n` : typeof value === "object" ? "NaN" : inspect(Number(value));
    case "%i":
      return typeof value === "bigint" ? `${value}n` : typeof value === "object" ? "NaN" : String(parseInt(value));
    case "%f":
      return typeof value === "symbol" ? "NaN" : String(parseFloat(value));
    case "%j":
      return String(JSON.stringify(value));
    case "%c":
      return "";
    default:
      return inspect(value, { depth: word === "%o" ? 4 : 2 });
  }
}

/** Whether an object has a `toString` that is not the language's. */
function hasOwnText({ toString }) {
  return typeof toString === "function" &&
    !/\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(toString));
}

function shown(value, options) {
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
    case "undefined":
      return String(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
  }
  try {
    return inspect(value, options);
  } catch {
    return "[a value that cannot be shown]"; // A getter or a Proxy of the program fails.
  }
}

/** The most characters that the process of the slot prints at once. */
const MAX_CHARACTERS = 65_536;

/** Parts of a text that are not too long. None ends within a character. */
function* partsOf(text) {
  for (let from = 0; from < text.length;) {
    const end = from + MAX_CHARACTERS;
    const isWithin = end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
    const to = isWithin ? end - 1 : end;
    yield text.slice(from, to);
    from = to;
  }
}

let margin = "";
const counts = new Map();
const times = new Map();

function print(isError, values) {
  const line = format(values);
  const text = (margin === "" ? line : margin + line.replaceAll("\n", `\n${margin}`)) + "\n";
  if (text.length <= MAX_CHARACTERS) return host.print(isError, text);
  for (const part of partsOf(text)) host.print(isError, part);
}

function printElapsed(label, values) {
  if (times.has(label)) print(false, [`${label}: ${(host.now() - times.get(label)).toFixed(3)}ms`, ...values]);
}

function beginGroup(values) {
  if (values.length > 0) print(false, values);
  margin += "  ";
}

/** The console. @param native V8's own, whose methods for debuggers do nothing */
export function makeConsole({ context, profile, profileEnd, timeStamp }) {
  const made = {
    log: (...values) => print(false, values),
    info: (...values) => print(false, values),
    debug: (...values) => print(false, values),
    dirxml: (...values) => print(false, values),
    error: (...values) => print(true, values),
    warn: (...values) => print(true, values),
    dir: (value, options) =>
      print(false, [inspect(value, { depth: options?.depth === null ? Infinity : options?.depth })]),
    trace: (...values) => print(true, [["Trace", ...stackOf(format(values))].join("\n    ")]),
    assert: (condition, ...values) => {
      if (condition) return;
      const [first, ...rest] = values;
      if (typeof first === "string") print(true, [`Assertion failed: ${first}`, ...rest]);
      else print(true, ["Assertion failed", ...values]);
    },
    clear: () => {},
    count: (label = "default") => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      print(false, [`${label}: ${counts.get(label)}`]);
    },
    countReset: (label = "default") => counts.delete(label),
    group: (...values) => beginGroup(values),
    groupCollapsed: (...values) => beginGroup(values),
    groupEnd: () => {
      margin = margin.slice(2);
    },
    time: (label = "default") => times.set(label, host.now()),
    timeLog: (label = "default", ...values) => printElapsed(label, values),
    timeEnd: (label = "default") => {
      printElapsed(label, []);
      times.delete(label);
    },
    table: (rows) => print(false, [typeof rows === "object" && rows !== null ? tableOf(rows) : rows]),
    context,
    profile,
    profileEnd,
    timeStamp,
  };
  Object.defineProperty(made, Symbol.toStringTag, { value: "console", configurable: true });
  return made;
}

function stackOf(text) {
  const [, ...lines] = String(new Error().stack).split("\n");
  const own = lines.filter((line) => !line.includes("codebeaker:") && !line.includes("isolated-vm"));
  return [...(text === "" ? [] : [text]), ...own.map((line) => line.trim())];
}

/** Rows of an array or an object, drawn as a table. */
function tableOf(rows) {
  const entries = Object.entries(rows);
  const isRecord = (row) => typeof row === "object" && row !== null;
  const columns = [...new Set(entries.flatMap(([, row]) => isRecord(row) ? Object.keys(row) : []))];
  const hasValues = entries.some(([, row]) => !isRecord(row));
  const head = ["(index)", ...columns, ...(hasValues ? ["Values"] : [])];
  const cell = (row, column) => isRecord(row) && Object.hasOwn(row, column) ? inspect(row[column], { depth: 0 }) : "";
  const body = entries.map(([index, row]) => [
    index,
    ...columns.map((column) => cell(row, column)),
    ...(hasValues ? [isRecord(row) ? "" : inspect(row)] : []),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...body.map((row) => row[column].length)) + 2);
  const ruler = (left, middle, right) => left + widths.map((width) => "─".repeat(width)).join(middle) + right;
  const line = (cells) => `│${cells.map((text, column) => ` ${text.padEnd(widths[column] - 1)}`).join("│")}│`;
  return [ruler("┌", "┬", "┐"), line(head), ruler("├", "┼", "┤"), ...body.map(line), ruler("└", "┴", "┘")].join("\n");
}
