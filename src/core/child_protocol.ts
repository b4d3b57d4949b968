/**
 * Words of the protocol between a child process and its parent.
 *
 * The child writes reports between the output of its program. A program that writes the same words falsifies only
 * reports about itself. The child's side spells these words in its own language:
 * `tests/core/child_protocol_test.ts` keeps both sides the same.
 */

/** Begins every report: NUL, BEL. */
export const REPORT = "\0\x07";
/** On stderr: the program is ready to begin as soon as {@link GO} comes. */
export const READY = `${REPORT}\0`;
/** On stdin: the program begins. */
export const GO = "\n";
/** On both streams: the program has ended, and everything is printed. An exit code in decimal and NUL follow. */
export const ENDED = `${REPORT}\x04`;
/**
 * On stderr: the program itself exits with a code above 128. Without this report such a code looks like the end by a
 * signal.
 */
export const EXITS_BY_ITSELF = `${REPORT}\x01\0`;
/** On stderr: the program was denied something. The `[` begins a JSON array, after which NUL follows. */
export const DENIED = `${REPORT}[`;
/**
 * Begins a cell report: the end, on both streams, or a display or a question. The secret of the cell and a part of the
 * report follow.
 */
export const CELL_REPORT = `${REPORT}\x02`;
/** Ends a part of a report that another part follows (ETB). */
export const PART_END = "\x17";
/** Ends the last part of a cell's end. */
export const REPORT_END = "\n";
/** Ends the last part of a display (EOT). */
export const DISPLAY_END = "\x04";
/** Ends the last part of a question to the service (ENQ). */
export const QUESTION_END = "\x05";

/** Length of a cell's secret, a UUID. */
const SECRET_LENGTH = 36;
/** Follows the secret in a cell's end on stderr. */
const NOTHING_MORE = `{}${REPORT_END}`;
const BARE_END_LENGTH = CELL_REPORT.length + SECRET_LENGTH + NOTHING_MORE.length;

/** Whether bytes are a cell's end on stderr, whole and alone. They hold no text of the program then. */
export function isBareCellEnd(bytes: Uint8Array): boolean {
  if (bytes.length !== BARE_END_LENGTH) return false;
  const text = String.fromCharCode(...bytes);
  if (!text.startsWith(CELL_REPORT) || !text.endsWith(NOTHING_MORE)) return false;
  return /^[\da-f-]+$/.test(text.slice(CELL_REPORT.length, -NOTHING_MORE.length));
}
