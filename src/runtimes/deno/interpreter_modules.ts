import bundles from "./interpreter/bundles.js" with { type: "text" };
import cellCode from "./interpreter/cell_code.js" with { type: "text" };
import displays from "./interpreter/displays.js" with { type: "text" };
import evaluator from "./interpreter/evaluator.js" with { type: "text" };
import lexer from "es-module-lexer/js" with { type: "text" };
import main from "./interpreter/main.js" with { type: "text" };
import stackTraces from "./interpreter/stack_traces.js" with { type: "text" };

/** The main module of a context's process. */
export const INTERPRETER_MAIN = "main.js";

/** Finds imports; a context's process has no import map, and gets it as a file beside the others. */
const LEXER = { specifier: '"es-module-lexer/js"', file: "lexer.js" };

/** Every module of a context's process by the name of its file, none of which imports anything else. */
export const INTERPRETER_MODULES: Readonly<Record<string, string>> = {
  [INTERPRETER_MAIN]: main,
  "bundles.js": bundles,
  "cell_code.js": cellCode.replace(LEXER.specifier, `"./${LEXER.file}"`),
  "displays.js": displays,
  "evaluator.js": evaluator,
  [LEXER.file]: lexer,
  "stack_traces.js": stackTraces,
};
