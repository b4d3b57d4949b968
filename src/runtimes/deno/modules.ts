import bootSource from "./boot.js" with { type: "text" };
import startSource from "./start.js" with { type: "text" };
import acorn from "acorn" with { type: "text" };
import bundles from "./interpreter/bundles.js" with { type: "text" };
import cellCode from "./interpreter/cell_code.js" with { type: "text" };
import constants from "./interpreter/constants.js" with { type: "text" };
import declarations from "./interpreter/declarations.js" with { type: "text" };
import displays from "./interpreter/displays.js" with { type: "text" };
import edits from "./interpreter/edits.js" with { type: "text" };
import evaluator from "./interpreter/evaluator.js" with { type: "text" };
import failures from "./interpreter/failures.js" with { type: "text" };
import imports from "./interpreter/imports.js" with { type: "text" };
import main from "./interpreter/main.js" with { type: "text" };
import orders from "./interpreter/orders.js" with { type: "text" };
import parser from "./interpreter/parser.js" with { type: "text" };
import reports from "./interpreter/reports.js" with { type: "text" };
import resources from "./interpreter/resources.js" with { type: "text" };
import stackTraces from "./interpreter/stack_traces.js" with { type: "text" };

/** The directory in which Deno keeps what it has transformed, one for each environment. */
export const CACHE_NAME = "deno_dir";

/** The main module of a context's process. */
export const INTERPRETER_MAIN = "main.js";

/** Parses cells; a context's process has no import map, and gets it as a file beside the others. */
const ACORN = { specifier: '"acorn"', file: "acorn.txt" };

/** Where modules lie, among those that run inside the child. */
export const MODULES = {
  /** Imports a program where no layer hides the host's files. */
  boot: "boot.js",
  /** Runs first in every program's process. */
  start: "start.js",
  /** The directory of the modules that evaluate the cells of contexts. */
  interpreter: "interpreter",
} as const;

/** The modules of a context's process by the names of their files, which import nothing else but start.js. */
const INTERPRETER_MODULES: Readonly<Record<string, string>> = {
  [INTERPRETER_MAIN]: main,
  [ACORN.file]: acorn,
  "bundles.js": bundles,
  "cell_code.js": cellCode,
  "constants.js": constants,
  "declarations.js": declarations,
  "displays.js": displays,
  "edits.js": edits,
  "evaluator.js": evaluator,
  "failures.js": failures,
  "imports.js": imports,
  "orders.js": orders,
  "parser.js": parser.replace(ACORN.specifier, `"./${ACORN.file}"`),
  "reports.js": reports,
  "resources.js": resources,
  "stack_traces.js": stackTraces,
};

/** Every module that runs inside the child, by its path. */
export const MODULE_TEXTS: Readonly<Record<string, string>> = {
  [MODULES.boot]: withoutComments(bootSource),
  [MODULES.start]: withoutComments(startSource),
  ...Object.fromEntries(
    Object.entries(INTERPRETER_MODULES).map(([name, text]) => [`${MODULES.interpreter}/${name}`, text]),
  ),
};

/** Deno searches comments for pragmas, which costs every start 0.4 ms. */
function withoutComments(source: string): string {
  return source.replaceAll(/^\/\*\*.*?\*\/$/gms, "");
}
