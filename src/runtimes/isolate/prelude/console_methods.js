import { lineOf, print, shown } from "./console.js";
import { host } from "./host.js";
import { partOf } from "./parts.js";

const inspect = (value, options) => partOf("inspect").inspect(value, options);

/** Words of a format: `%s` and its kin. */
const FORMAT = /%[sdifjoOc%]/g;

/** A line of values of which the first has words of a format. */
export function format([first, ...rest]) {
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

/** Parts of a text that are not too long. None ends within a character. */
export function* partsOf(text, maxCharacters) {
  for (let from = 0; from < text.length;) {
    const end = from + maxCharacters;
    const isWithin = end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
    const to = isWithin ? end - 1 : end;
    yield text.slice(from, to);
    from = to;
  }
}

const counts = new Map();
const times = new Map();

export function count(label) {
  counts.set(label, (counts.get(label) ?? 0) + 1);
  print(false, [`${label}: ${counts.get(label)}`]);
}

export function resetCount(label) {
  return counts.delete(label);
}

export function beginTime(label) {
  return times.set(label, host.now());
}

export function printElapsed(label, values) {
  if (times.has(label)) print(false, [`${label}: ${(host.now() - times.get(label)).toFixed(3)}ms`, ...values]);
}

export function endTime(label) {
  printElapsed(label, []);
  times.delete(label);
}

export function dir(value, options) {
  print(false, [inspect(value, { depth: options?.depth === null ? Infinity : options?.depth })]);
}

export function trace(values) {
  print(true, [["Trace", ...stackOf(lineOf(values))].join("\n    ")]);
}

/** Prints that an assertion has failed. */
export function fail(values) {
  const [first, ...rest] = values;
  if (typeof first === "string") print(true, [`Assertion failed: ${first}`, ...rest]);
  else print(true, ["Assertion failed", ...values]);
}

export function table(rows) {
  print(false, [typeof rows === "object" && rows !== null ? tableOf(rows) : rows]);
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
