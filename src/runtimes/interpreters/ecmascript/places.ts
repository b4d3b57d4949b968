/** The directory of the modules that evaluate the cells of contexts. */
export const INTERPRETER = "interpreter";

/** The main module of a context's process. */
export const INTERPRETER_MAIN = "main.js";
