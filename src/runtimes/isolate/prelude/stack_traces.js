import { define } from "./inspect.js";

/** The position at the end of a frame. */
const PLACE = /(file:\/\/[^\n]*):(\d+):(\d+)(\)?)$/;

/**
 * Makes the stacks of errors name lines and columns of the program's own text, where another was made of it.
 *
 * @param originalOf the position as `line:column` for a URL, a line and a column
 */
export function nameOriginals(originalOf) {
  define(Error, "prepareStackTrace", (error, frames) => {
    const placed = frames.map((frame) =>
      `\n    at ${
        String(frame).replace(PLACE, (_, url, line, column, end) => `${url}:${originalOf(url, +line, +column)}${end}`)
      }`
    );
    return headOf(error) + placed.join("");
  });
}

function headOf(error) {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return "Error";
  }
}
