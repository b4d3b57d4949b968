import { define } from "./define.js";

/** The position at the end of a frame. */
const PLACE = /^( +at .*?)(file:\/\/.*):(\d+):(\d+)(\)?)$/gm;

/**
 * Makes the stacks of errors name positions in the program's own text. The text may have been compiled to another.
 *
 * @param originalOf the position as `line:column` for a URL, a line and a column
 */
export function nameOriginals(originalOf) {
  const { prepareStackTrace = asElsewhere } = Error;
  define(Error, "prepareStackTrace", (error, frames) =>
    String(prepareStackTrace.call(Error, error, frames)).replace(
      PLACE,
      (_, start, url, line, column, end) => `${start}${url}:${originalOf(url, +line, +column)}${end}`,
    ));
}

/** A stack as V8 makes it. */
export function asElsewhere(error, frames) {
  return headOf(error) + frames.map((frame) => `\n    at ${frame}`).join("");
}

/** The name and the message of an error. */
export function headOf(error) {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return "Error";
  }
}
