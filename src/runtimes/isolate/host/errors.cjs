/** Errors of programs, as they come out of an isolate. */

/** V8's messages about refused memory beside the heap. Where the heap is full, the isolate is gone. */
const MEMORY_MESSAGES =
  /^(?:Array buffer allocation failed|(?:Shared)?ArrayBuffer\.prototype\.(?:grow|resize): Out of memory|WebAssembly\.Memory\S* (?:could not allocate|Unable to grow).*)$/;
/** Matches isolated-vm's message in place of an object that is no error. */
const NO_ERROR = /^An object was thrown from supplied code within isolated-vm\b/;
/** Where the frames of the program end in a stack. */
const BOUNDARY = "(<isolated-vm boundary>)";
/** The place of an error of syntax, behind the message in its first line. */
const SYNTAX_PLACE = /^\[(file:[^\]]*):(\d+):(\d+)\]/;
const PLACE_BEGINS = " [file:";
/** Most characters of a place: a program finds no longer path. */
const MAX_PLACE_LENGTH = 8_192;

/** Whether an error says that memory was refused. */
exports.isMemoryError = function isMemoryError(error) {
  return MEMORY_MESSAGES.test(error instanceof RangeError ? String(error.message) : "");
};

/**
 * An error with the frames of the program.
 *
 * @param program.originalOf the position in the program's own text
 * @param program.showKept the text of an error with a key that the isolate has kept; absent, its stack is enough
 */
exports.describe = function describe(error, { originalOf, showKept = () => undefined }) {
  if (!(error instanceof Error)) return typeof error === "bigint" ? `${error}n` : String(error);
  if (NO_ERROR.test(error.message)) return "an object that is no Error";
  const lines = (showKept(keyOf(error)) ?? stackOf(error)).split("\n").filter((line) =>
    !/^\s+at .*(?:codebeaker:|node:|\.cjs:)/.test(line)
  );
  const shown = lines.join("\n");
  const place = error instanceof SyntaxError ? syntaxPlaceOf(shown) : undefined;
  if (place === undefined) return shown;
  const { column, line, message, rest, url } = place;
  return `${message}\n    at ${url}:${originalOf(url, line, column)}${rest}`;
};

/** An error of an imported file, as the program that imports it gets it. */
exports.failureOf = function failureOf(error, originalOf) {
  if (!(error instanceof Error)) return { thrown: error };
  const place = error instanceof SyntaxError ? syntaxPlaceOf(error.message) : undefined;
  const message = place === undefined ? error.message : place.message + place.rest;
  return { key: keyOf(error), name: error.name, message, stack: exports.describe(error, { originalOf }) };
};

/**
 * Finds the place of an error of syntax in its text. Undefined where there is none. The
 * program writes the text: it is searched once, and a pattern matches a short part of it.
 */
function syntaxPlaceOf(text) {
  const end = text.indexOf("\n");
  const at = text.lastIndexOf(PLACE_BEGINS, end < 0 ? text.length : end);
  if (at < 0) return undefined;
  const begin = at + 1;
  const found = SYNTAX_PLACE.exec(text.slice(begin, begin + MAX_PLACE_LENGTH));
  if (found === null) return undefined;
  const [whole, url, line, column] = found;
  return { message: text.slice(0, at), url, line, column, rest: text.slice(begin + whole.length) };
}

/** The stack of an error, up to where it came out of its isolate. */
function stackOf(error) {
  const { head, places } = partsOf(error);
  return head + places;
}

/** The message and the frames of an error, by which the isolate knows it again. */
function keyOf(error) {
  return error.message + partsOf(error).places;
}

/** The two parts of an error's stack. isolated-vm makes a character of each byte of the frames in UTF-8. */
function partsOf(error) {
  const [stack] = String(error.stack ?? error).split(`\n    at ${BOUNDARY}`);
  const head = `${error.name}: ${error.message}`;
  if (!stack.startsWith(head)) return { head: stack, places: "" };
  const places = stack.slice(head.length);
  const shown = error.message === "" ? error.name : head;
  return { head: shown, places: /^[\0-\xff]*$/.test(places) ? Buffer.from(places, "latin1").toString() : places };
}
