import causes from "./causes.py" with { type: "text" };
import cells from "./cells.py" with { type: "text" };
import errors from "./errors.py" with { type: "text" };
import interpreter from "./interpreter.py" with { type: "text" };
import values from "./values.py" with { type: "text" };

/** The program that serves a Python context. */
export const PYTHON_INTERPRETER = [values, causes, errors, cells, interpreter].join("\n\n");
