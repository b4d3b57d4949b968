import causes from "./causes.py" with { type: "text" };
import cellInput from "./cell_input.py" with { type: "text" };
import cells from "./cells.py" with { type: "text" };
import errors from "./errors.py" with { type: "text" };
import history from "./history.py" with { type: "text" };
import interpreter from "./interpreter.py" with { type: "text" };
import layout from "./layout.py" with { type: "text" };
import magicHelpers from "./magic_helpers.py" with { type: "text" };
import magics from "./magics.py" with { type: "text" };
import pipMagic from "./pip_magic.py" with { type: "text" };
import pretty from "./pretty.py" with { type: "text" };
import shell from "./shell.py" with { type: "text" };
import figures from "./figures.py" with { type: "text" };
import imports from "./imports.py" with { type: "text" };
import ipython from "./ipython.py" with { type: "text" };
import display from "./ipython_display.py" with { type: "text" };
import programImports from "./program_imports.py" with { type: "text" };
import threads from "./threads.py" with { type: "text" };
import transform from "./transform.py" with { type: "text" };
import values from "./values.py" with { type: "text" };

/** The program for IPython's lines. An interpreter compiles it when the first such line comes. */
const MAGICS = `MAGICS = ${JSON.stringify([transform, shell, magicHelpers, pipMagic, magics].join("\n\n"))}`;

/** The layout of long values. An interpreter compiles it when the first of them is shown. */
const PRETTY = `PRETTY = ${JSON.stringify([layout, pretty].join("\n\n"))}`;

/** The display module as a literal. A context compiles it when a cell imports it. */
const DISPLAY = `DISPLAY_SOURCE = ${JSON.stringify(display)}`;

/** The interpreter of cells. What interrupts them, its host, follows it in the same program. */
export const CELL_INTERPRETER = [
  values,
  PRETTY,
  causes,
  errors,
  history,
  MAGICS,
  imports,
  figures,
  DISPLAY,
  ipython,
  cellInput,
  cells,
  interpreter,
]
  .join("\n\n");

/** The program that serves a Python context in a process that has threads and signals. */
export const PYTHON_INTERPRETER = [CELL_INTERPRETER, threads].join("\n\n");

/** Code for the start of a Python that runs a program. It changes what the program imports. */
export const PROGRAM_IMPORTS: string = [imports, programImports].join("\n\n");
