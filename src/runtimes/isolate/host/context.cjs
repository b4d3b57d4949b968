/** Runs the interpreter of a context in an isolate. It evaluates cells until the service closes the pipe. */
const { describe, isMemoryError } = require("./errors.cjs");
const { KINDS, readRequest, waitForRequest, writeFrame } = require("./frames.cjs");
const { Imports } = require("./imports.cjs");
const { ProgramModules } = require("./modules.cjs");
const { makeOriginals } = require("./positions.cjs");

/** The apparent directory of the interpreter's own modules, and the apparent file of a cell. */
const INTERPRETER_ROOT = "/codebeaker";
const CELL_FILE = "cell.js";

/** isolated-vm's message about a script whose time is over. */
const TIMED_OUT = "Script execution timed out";

/** Runs a context to its end, and returns that end. */
exports.runContext = function runContext(made, { entry, files }) {
  const { context, isolate } = made;
  const own = Object.create(null);
  const originals = makeOriginals(made);
  const { originalOf } = originals;
  const modules = new ProgramModules({ ...made, ...originals, files: own });
  const ofInterpreter = { files, keepCauses: () => {}, root: INTERPRETER_ROOT };
  const interpreter = new ProgramModules({ ...made, ...originals, ...ofInterpreter });
  const imports = new Imports(modules, { ...made, originalOf });
  const complain = (error) => {
    if (isolate.isDisposed || isMemoryError(error)) throw error;
    writeFrame(KINDS.stderr, `Uncaught ${describe(error, { originalOf, showKept: made.inspectKept })}\n`);
  };
  /** Runs a part of the context. An error that nothing handles does not end the context. */
  const go = (part) => {
    try {
      return imports.run(part);
    } catch (error) {
      return complain(error);
    }
  };
  let exitCode;
  const declare = (text) => {
    isolate.compileScriptSync(text, { filename: "codebeaker:declarations" }).runSync(context);
  };
  const exit = (code) => {
    exitCode = Number(code);
  };
  const print = (isError, bytes) => writeFrame(isError ? KINDS.stderr : KINDS.stdout, Buffer.from(bytes, "latin1"));
  /** Runs the pending script; returns whether it ended in time. */
  const runPending = (timeoutMs) => {
    try {
      made.runPending({ timeout: Number(timeoutMs) });
      return true;
    } catch (error) {
      if (isolate.isDisposed) throw error;
      if (String(error.message).startsWith(TIMED_OUT)) return false;
      complain(error); // A rejection that nothing handled.
      return true;
    }
  };
  try {
    made.offerInterpreter(CELL_FILE, [declare, exit, print, runPending]);
    const { boot } = interpreter.link(entry);
    go(() => boot.evaluateSync());
    made.keepCauses(); // From here on, as the interpreter has its own way to make stacks.
    while (exitCode === undefined) {
      if (go(() => imports.begin()) === true) continue;
      const waitMs = go(made.step) ?? 0;
      if (made.asked.length > 0 || !waitForRequest(waitMs)) continue;
      const order = readRequest();
      if (order === undefined) break;
      Object.assign(own, order.files);
      go(() => made.giveOrder(order.text));
    }
    return { kind: "exited", exitCode: exitCode ?? 0 };
  } catch (error) {
    if (isolate.isDisposed || isMemoryError(error)) return { kind: "memory_limit" };
    throw error;
  }
};
