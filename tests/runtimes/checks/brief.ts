/** The checks of how a program starts and what it is given. */
const OF_START: readonly string[] = [
  "a program prints and exits with 0",
  "stdin reaches the program and ends",
  "arguments arrive as they are",
  "granted variables are visible and the service's are not",
  "an exit code is reported",
  "an uncaught error tells the user's own line and no path of the host",
  "the program is the main module",
];

/**
 * One check for each promise. Where the full suite has passed in another language or with other layers, these show that the
 * promises hold here too.
 */
export const BRIEF: readonly string[] = [
  ...OF_START,
  "a program reads no file outside its workspace",
  "a program without network connects to nothing",
  "a refused network access is reported, although the program caught the error",
  "a program that ignores SIGTERM is killed at its deadline",
  "aborting cancels the program",
  "output beyond its total ends the program, head and tail kept",
  "usage tells what the program took",
  "death by SIGKILL is no exit with 137",
  "memory on the heap is bounded",
  "memory beside the heap is bounded",
  "memory on the heap below the limit is a program's to use",
  "CPU time of all threads is bounded together",
  "CPU time of one thread is bounded and reported",
  "descriptors are bounded",
  "the bytes of many files are bounded: workspace",
  "the bytes of one file are bounded: temporary",
  "bytes below the limit are a program's to write: workspace",
  "processes are bounded",
  "files stay between programs and are the client's too",
  "a context is refused as there is no interpreter for the language",
  "a context keeps what its cells declare, and shares the workspace with programs",
  "a cell that spins is ended at its deadline with its state kept",
];

/**
 * The checks whose end may depend on the language: what starts its programs, what its messages look like, how it takes memory.
 * A runtime that has passed the full suite in one language holds the other promises by what stands around every program.
 */
export const OF_LANGUAGE: readonly string[] = [
  ...OF_START,
  "a refused network access is reported, although the program caught the error",
  "memory on the heap is bounded",
  "memory on the heap below the limit is a program's to use",
  "files stay between programs and are the client's too",
  "a context is refused as there is no interpreter for the language",
  "a context keeps what its cells declare, and shares the workspace with programs",
  "a cell that spins is ended at its deadline with its state kept",
];

/** The checks whose end may depend on what a language is called, where another name of it has passed the full suite. */
export const OF_NAME: readonly string[] = [
  "arguments arrive as they are",
  "an uncaught error tells the user's own line and no path of the host",
  "the program is the main module",
  "a context is refused as there is no interpreter for the language",
  "a context keeps what its cells declare, and shares the workspace with programs",
];

/** The checks that end in the same way whichever layers confine a program. */
const OF_ANY_LAYERS: readonly string[] = [
  "an exit code is reported",
  "aborting cancels the program",
  "output beyond its total ends the program, head and tail kept",
  "CPU time of one thread is bounded and reported",
  "a context is refused as there is no interpreter for the language",
  "a cell that spins is ended at its deadline with its state kept",
];

/** The checks whose end may depend on which layers confine a program, where the full suite has passed with every layer. */
export const OF_LAYERS: readonly string[] = BRIEF.filter((name) => !OF_ANY_LAYERS.includes(name));

/** The checks whose end may depend on which layers confine a program of one runtime, where another has passed those of layers. */
export const OF_LAYERED_RUNTIME: readonly string[] = [
  "a program prints and exits with 0",
  "granted variables are visible and the service's are not",
  "an uncaught error tells the user's own line and no path of the host",
  "memory on the heap is bounded",
  "memory on the heap below the limit is a program's to use",
  "a context keeps what its cells declare, and shares the workspace with programs",
];

/** The checks whose end may depend on what made a program's process wait for it, where another runtime has passed the brief suite warm. */
export const OF_WAITER: readonly string[] = [
  ...OF_START,
  "a program that ignores SIGTERM is killed at its deadline",
  "usage tells what the program took",
  "death by SIGKILL is no exit with 137",
  "memory on the heap is bounded",
  "CPU time of one thread is bounded and reported",
  "files stay between programs and are the client's too",
];

/** The checks whose end may depend on what waits for programs in one more language of a runtime that has passed those of a waiter. */
export const OF_WAITING_LANGUAGE: readonly string[] = [...OF_START, "memory on the heap is bounded"];

/**
 * The checks of programs that only compute: they are given no arguments, variables and stdin, and have no files, no
 * network, no processes and no way to print a part of a line.
 */
export const OF_COMPUTING: readonly string[] = [
  "a program prints and exits with 0",
  "an uncaught error tells the user's own line and no path of the host",
  "a program reads no file outside its workspace",
  "a program without network connects to nothing",
  "a program is ended at its deadline and its output kept",
  "a program that spins is ended at its deadline",
  "aborting cancels the program",
  "usage tells what the program took",
  "disposing ends what runs",
  "memory on the heap is bounded",
  "memory on the heap below the limit is a program's to use",
  "memory beside the heap is bounded",
  "memory beside the heap below the limit is a program's to use",
  "CPU time of one thread is bounded and reported",
  "two programs run side by side",
  "a path that leaves the workspace is refused by every command",
  "commands do what they say",
  "files are read and written while a program runs",
  "usage is the program's own: neither what its start took, nor what the one before it used",
  "a cell that fails says in which cell and line, and its context goes on",
  "a cell that spins is ended at its deadline with its state kept",
];

/** The checks of an environment of a single use that is one that lasts, but for what is made after its first program. */
export const OF_SINGLE_USE: readonly string[] = ["a program prints and exits with 0"];
