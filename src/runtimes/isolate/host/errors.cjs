/** Errors of programs, as they come out of an isolate. */

/** V8's messages about refused memory beside the heap. Where the heap is full, the isolate is gone. */
const MEMORY_MESSAGES =
  /^(?:Array buffer allocation failed|(?:Shared)?ArrayBuffer\.prototype\.(?:grow|resize): Out of memory|WebAssembly\.Memory\S* (?:could not allocate|Unable to grow).*)$/;
/** Matches isolated-vm's message in place of an object that is no error. */
const NO_ERROR = /^An object was thrown from supplied code within isolated-vm\b/;
/** Where the frames of the program end in a stack. */
const BOUNDARY = "(<isolated-vm boundary>)";
/** The place of an error of syntax, after its message. */
const SYNTAX_PLACE = /^(.*) \[(file:[^\]]*):(\d+):(\d+)\]/;

/** Whether an error says that memory was refused. */
exports.isMemoryError = function isMemoryError(error) {
  return MEMORY_MESSAGES.test(error instanceof RangeError ? String(error.message) : "");
};

/** An error with the frames of the program. @param originalOf the position in the program's own text */
exports.describe = function describe(error, originalOf) {
  if (!(error instanceof Error)) return String(error);
  if (NO_ERROR.test(error.message)) return "an object that is no Error";
  const [text] = String(error.stack ?? error).split(`\n    at ${BOUNDARY}`);
  const lines = text.split("\n").filter((line) => !/^\s+at .*(?:codebeaker:|node:|\.cjs:)/.test(line));
  const shown = lines.join("\n");
  if (!(error instanceof SyntaxError)) return shown;
  return shown.replace(
    SYNTAX_PLACE,
    (_, message, url, line, column) => `${message}\n    at ${url}:${originalOf(url, line, column)}`,
  );
};

/** An error of an imported file, as the program that imports it gets it. */
exports.failureOf = function failureOf(error, originalOf) {
  if (!(error instanceof Error)) return { thrown: error };
  const message = error instanceof SyntaxError ? error.message.replace(SYNTAX_PLACE, "$1") : error.message;
  return { name: error.name, message, stack: exports.describe(error, originalOf) };
};
