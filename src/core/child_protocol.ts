/**
 * What a child process writes between the output of its program to report to its parent, and what it waits for. A
 * program that writes the same falsifies only what is reported of itself. The child's side has these words in its own
 * language: `tests/runtimes/child_protocol_test.ts` keeps both sides the same.
 */

/** Begins every report: NUL, BEL. */
export const REPORT = "\0\x07";
/** On stderr: the program may begin, as soon as {@link GO} comes. */
export const READY = `${REPORT}\0`;
/** On stdin: the program begins. */
export const GO = "\n";
/** On both streams, before an exit code in decimal and NUL: the program has ended, and everything is printed. */
export const ENDED = `${REPORT}\x04`;
/** On stderr: the program exits by itself with a code above 128, which looks like the end by a signal. */
export const EXITS_BY_ITSELF = `${REPORT}\x01\0`;
/** On stderr, before a JSON array, which it begins, and NUL: the program was refused something. */
export const DENIED = `${REPORT}[`;
/** Before the secret of a cell and a part of a report: the cell's end, on both streams, or a display, on stdout. */
export const CELL_REPORT = `${REPORT}\x02`;
/** Ends a part of a report that another part follows (ETB), and the last part: of a cell's end, or of a display (EOT). */
export const PART_END = "\x17";
export const REPORT_END = "\n";
export const DISPLAY_END = "\x04";
