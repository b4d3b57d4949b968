import acorn from "acorn" with { type: "text" };
import bundles from "./bundles.js" with { type: "text" };
import cellCode from "./cell_code.js" with { type: "text" };
import cells from "./cells.js" with { type: "text" };
import constants from "./constants.js" with { type: "text" };
import deadline from "./deadline.js" with { type: "text" };
import declarations from "./declarations.js" with { type: "text" };
import displays from "./displays.js" with { type: "text" };
import edits from "./edits.js" with { type: "text" };
import failures from "./failures.js" with { type: "text" };
import host from "./host.js" with { type: "text" };
import imports from "./imports.js" with { type: "text" };
import plainCode from "./plain_code.js" with { type: "text" };
import plainScript from "./plain_script.js" with { type: "text" };
import parser from "./parser.js" with { type: "text" };
import reports from "./reports.js" with { type: "text" };
import resources from "./resources.js" with { type: "text" };
import scriptEvaluator from "./script_evaluator.js" with { type: "text" };
import stackTraces from "./stack_traces.js" with { type: "text" };

/** The parser of cells. A context's process has no import map, and gets the parser as a file beside the others. */
const ACORN = { imported: '"acorn" with { type: "text" }', file: "acorn_text.js" };

/** Matches the paths of shared modules in the source. In the child all modules lie in one directory. */
const SHARED = /"(?:\.\.\/)+(?:interpreters\/)?ecmascript\//g;

/** The modules that every runtime shares, by the names of their files. */
const MODULES: Readonly<Record<string, string>> = {
  [ACORN.file]: `export default ${JSON.stringify(acorn)};`,
  "package.json": JSON.stringify({ type: "module" }),
  "bundles.js": bundles,
  "cell_code.js": cellCode,
  "cells.js": cells,
  "constants.js": constants,
  "deadline.js": deadline,
  "declarations.js": declarations,
  "displays.js": displays,
  "edits.js": edits,
  "failures.js": failures,
  "host.js": host,
  "imports.js": imports,
  "parser.js": parser.replace(ACORN.imported, `"./${ACORN.file}"`),
  "plain_code.js": plainCode,
  "plain_script.js": plainScript,
  "reports.js": reports,
  "resources.js": resources,
  "script_evaluator.js": scriptEvaluator,
  "stack_traces.js": stackTraces,
};

/**
 * The modules of a context's process by the names of their files.
 *
 * @param own the modules of the runtime by the names of their files: the main one, and its host
 */
export function interpreterModules(own: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const all = Object.entries({ ...MODULES, ...own });
  return Object.fromEntries(all.map(([name, text]) => [name, text.replaceAll(SHARED, '"./')]));
}
