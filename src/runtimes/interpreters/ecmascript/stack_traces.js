/**
 * Makes stack traces name cells by their scripts' names and leave out the interpreter's frames. A program may replace
 * this.
 */
const OWN = /^(?:codebeaker:|ext:|node:)|\/interpreter\/[a-z_]+\.js$/;
/** The engine's own frame of a script, where scripts are evaluated by a function. */
const EVALUATES = "runInThisContext (native)";
/** The engine's own frame of a script where that function is `eval`. A program may call `eval` too. */
const EVAL = "eval (<anonymous>)";
/** A frame without a name in a script that `eval` evaluates. */
const EVALUATED = /^eval \((cell_\d+:\d+:\d+)\)$/;

Error.prepareStackTrace = function prepareStackTrace(error, frames) {
  const lines = frames.flatMap((frame, at) => {
    const url = urlOf(frame);
    if (OWN.test(url)) return [];
    const file = frame.getFileName();
    const text = `${frame}`.replace(EVALUATED, "$1");
    if (text === EVALUATES || (text === EVAL && OWN.test(urlOf(frames[at + 1])))) return [];
    return [`\n    at ${url.startsWith("file:") && file ? text.replace(file, url) : text}`];
  });
  return `${head(error)}${lines.join("")}`;
};

function urlOf(frame) {
  return frame?.getScriptNameOrSourceURL?.() ?? "";
}

function head(error) {
  try {
    return `${error}`;
  } catch {
    return "Error";
  }
}
