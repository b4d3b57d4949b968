import { host } from "./host.js";
import { partOf } from "./parts.js";

/** Arguments of `console.log` as a line, without its end. */
export function lineOf(values) {
  const first = values[0];
  if (typeof first === "string" && values.length > 1 && first.includes("%")) {
    return partOf("console_methods").format(values);
  }
  let line = "";
  for (let at = 0; at < values.length; at++) line += at === 0 ? shown(values[at]) : ` ${shown(values[at])}`;
  return line;
}

/** A value as text, unless methods that the program has replaced make it something else. */
export function shown(value, options) {
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
    case "undefined":
      return `${value}`;
    case "number":
      return value === 0 && 1 / value < 0 ? "-0" : `${value}`;
  }
  try {
    return partOf("inspect").inspect(value, options);
  } catch {
    return "[a value that cannot be shown]"; // A getter or a Proxy of the program fails.
  }
}

/** The most characters that the process of the slot prints at once. */
const MAX_CHARACTERS = 65_536;

let margin = "";

/** Prints values as a line. */
export function print(isError, values) {
  const line = lineOf(values);
  const text = (margin === "" ? line : margin + line.replaceAll("\n", `\n${margin}`)) + "\n";
  if (text.length <= MAX_CHARACTERS) return host.print(isError, text);
  for (const part of partOf("console_methods").partsOf(text, MAX_CHARACTERS)) host.print(isError, part);
}

/** Makes the margin of later lines wider, or as much narrower. */
function moveMargin(isWider) {
  margin = isWider ? `${margin}  ` : margin.slice(2);
}

/** The console. What few programs use is in a part. @param native V8's own, whose methods for debuggers do nothing */
export function makeConsole({ context, profile, profileEnd, timeStamp }) {
  const made = {
    log: (...values) => print(false, values),
    info: (...values) => print(false, values),
    debug: (...values) => print(false, values),
    dirxml: (...values) => print(false, values),
    error: (...values) => print(true, values),
    warn: (...values) => print(true, values),
    dir: (value, options) => partOf("console_methods").dir(value, options),
    trace: (...values) => partOf("console_methods").trace(values),
    assert: (condition, ...values) => {
      if (!condition) partOf("console_methods").fail(values);
    },
    clear: () => {},
    count: (label = "default") => partOf("console_methods").count(label),
    countReset: (label = "default") => partOf("console_methods").resetCount(label),
    group: (...values) => beginGroup(values),
    groupCollapsed: (...values) => beginGroup(values),
    groupEnd: () => moveMargin(false),
    time: (label = "default") => partOf("console_methods").beginTime(label),
    timeLog: (label = "default", ...values) => partOf("console_methods").printElapsed(label, values),
    timeEnd: (label = "default") => partOf("console_methods").endTime(label),
    table: (rows) => partOf("console_methods").table(rows),
    context,
    profile,
    profileEnd,
    timeStamp,
  };
  Object.defineProperty(made, Symbol.toStringTag, { value: "console", configurable: true });
  return made;
}

function beginGroup(values) {
  if (values.length > 0) print(false, values);
  moveMargin(true);
}
