/** Describes errors that a cell did not handle. Reading an error may run code of the program. */
import { cut, show } from "./bundles.js";

const { Error, SyntaxError } = globalThis;
const { isError } = Error;
const MAX_NAME_LENGTH = 256;

/** The uncaught text of a thrown value, and the fields about it in the answer. It does not throw. */
export function describe(thrown, { maxTextLength, place = {} }) {
  try {
    const text = explain(thrown, place);
    const { name, message } = isError(thrown) ? readError(thrown) : { name: "Uncaught", message: show(thrown) };
    const error = {
      name: cut(name, MAX_NAME_LENGTH),
      message: cut(message, maxTextLength),
      traceback: cut(text, maxTextLength),
    };
    return { uncaught: text, error };
  } catch {
    return { uncaught: "Error", error: { name: "Error", message: "", traceback: "Error" } };
  }
}

/** The text of an uncaught error. */
export function explain(error, { name = "", lineNumber = -1, columnNumber = 0 } = {}) {
  const text = show(error).replace(/^\[(.+)\](?=$| \{)/m, "$1"); // Deno shows an error without frames in brackets.
  const isOfSyntax = lineNumber >= 0 && error instanceof SyntaxError && !/\n\s+at /.test(text);
  return isOfSyntax ? `${text}\n    at ${name}:${lineNumber + 1}:${columnNumber + 1}` : text;
}

function readError(error) {
  try {
    return { name: `${error.name}`, message: `${error.message}` };
  } catch {
    return { name: "Error", message: "[a message that cannot be read]" };
  }
}
