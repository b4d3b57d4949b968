import causes from "./causes.py" with { type: "text" };
import cells from "./cells.py" with { type: "text" };
import errors from "./errors.py" with { type: "text" };
import interpreter from "./interpreter.py" with { type: "text" };
import threads from "./threads.py" with { type: "text" };
import values from "./values.py" with { type: "text" };

/** The interpreter of cells. What interrupts them, its host, follows it in the same program. */
export const CELL_INTERPRETER = [values, causes, errors, cells, interpreter].join("\n\n");

/** The program that serves a Python context in a process that has threads and signals. */
export const PYTHON_INTERPRETER = [CELL_INTERPRETER, threads].join("\n\n");
