/**
 * Makes stack traces name cells by their scripts' names and leave out the interpreter's frames. A program may replace
 * this.
 */
const OWN = /^(?:ext:|node:)|\/interpreter\/[a-z_]+\.js$/;
/** The engine's own frame of a script, where scripts are evaluated by a function. */
const EVALUATES = "runInThisContext (native)";

Error.prepareStackTrace = function prepareStackTrace(error, frames) {
  const lines = frames.flatMap((frame) => {
    const url = frame.getScriptNameOrSourceURL?.() ?? "";
    if (OWN.test(url)) return [];
    const file = frame.getFileName();
    const text = `${frame}`;
    if (text === EVALUATES) return [];
    return [`\n    at ${url.startsWith("file:") && file ? text.replace(file, url) : text}`];
  });
  return `${head(error)}${lines.join("")}`;
};

function head(error) {
  try {
    return `${error}`;
  } catch {
    return "Error";
  }
}
