/** Errors of programs, as they come out of an isolate. */

/** Messages of V8 about memory beside the heap that was refused; where the heap is full, the isolate is gone. */
const MEMORY_MESSAGES =
  /^(?:Array buffer allocation failed|WebAssembly\.Memory\S* (?:could not allocate|Unable to grow).*)$/;
/** What isolated-vm says in place of an object that is no error. */
const NO_ERROR = /^An object was thrown from supplied code within isolated-vm\b/;
/** Where the frames of the program end in a stack. */
const BOUNDARY = "(<isolated-vm boundary>)";
/** The place of an error of syntax, behind its message. */
const SYNTAX_PLACE = /^(.*) \[(file:[^\]]*):(\d+):(\d+)\]/;

/** Whether an error says that memory was refused. */
exports.isMemoryError = function isMemoryError(error) {
  return MEMORY_MESSAGES.test(error instanceof RangeError ? String(error.message) : "");
};

/** An error with the frames of the program. @param originalOf the position in its own text */
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

/** An error as a program gets it, which has it from a file that it imports. */
exports.failureOf = function failureOf(error, originalOf) {
  if (!(error instanceof Error)) return { thrown: error };
  const message = error instanceof SyntaxError ? error.message.replace(SYNTAX_PLACE, "$1") : error.message;
  return { name: error.name, message, stack: exports.describe(error, originalOf) };
};
