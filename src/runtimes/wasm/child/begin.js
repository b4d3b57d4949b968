/**
 * The beginning and the end of every program's process. It reports that the program may begin, waits for a byte on
 * stdin and for the orders after it, and later reports denials and the end (src/core/child_protocol.ts). Nothing of a
 * request reaches the process before that byte, so that a process that waits serves every program of its language.
 */
const { exit, stderr, stdin, stdout } = Deno;
const encoder = new TextEncoder();
/** Begins every report; src/core/child_protocol.ts has the same words. */
const REPORT = "\0\x07";
const READY = `${REPORT}\0`;
const ENDED = `${REPORT}\x04`;
const EXITS_BY_ITSELF = `${REPORT}\x01\0`;
/** The length of the orders, which stands before them, in hexadecimal digits. */
const LENGTH_DIGITS = 8;
/** A shell's exit code for a process that aborts. */
export const ABORTED = 134;
const MAX_REPORTS = 1_000;
const reported = new Set();
/** Whether the service reads reports. Before, it quotes the output of the process in an error. */
let readsReports = false;

/** Waits for the go; returns the orders of the program. */
export function waitForOrders() {
  readsReports = true;
  print(stderr, READY);
  read(1);
  return JSON.parse(read(Number.parseInt(read(LENGTH_DIGITS), 16)));
}

/** Reports that the program was refused an access to a path. */
export function reportDenial(access, path) {
  const message = `${access} ${path}`;
  if (reported.size >= MAX_REPORTS || reported.has(message)) return;
  reported.add(message);
  print(stderr, `${REPORT}${JSON.stringify([message, ""])}\0`);
}

/** Reports denials again that were reported before: another cell is refused. */
export function forgetDenials() {
  reported.clear();
}

/** Ends the process, when all that the program printed is written. */
export function end(exitCode) {
  const code = exitCode & 255;
  if (!readsReports) exit(code);
  if (code > 128) print(stderr, EXITS_BY_ITSELF); // The end of the process may be known before both streams are read.
  for (const stream of [stdout, stderr]) print(stream, `${ENDED}${code}\0`);
  exit(code);
}

/** Ends the process with words on stderr. */
export function fail(words, exitCode) {
  print(stderr, `${words}\n`);
  end(exitCode);
}

/** Ends the process as an interpreter of Emscripten's has ended: by exit() or a trap. */
export function endBy(error) {
  if (typeof error?.status === "number") end(error.status);
  fail(`${error?.name}: ${error?.message}`, ABORTED);
}

/** Reads exactly `length` bytes of stdin. Ends the process where the service is gone. */
function read(length) {
  const bytes = new Uint8Array(length);
  for (let count = 0; count < length;) {
    const more = stdin.readSync(bytes.subarray(count));
    if (more === null) exit();
    count += more;
  }
  return new TextDecoder().decode(bytes);
}

function print(stream, text) {
  let bytes = encoder.encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch {
    // The program closed the stream, or its reader is gone.
  }
}
