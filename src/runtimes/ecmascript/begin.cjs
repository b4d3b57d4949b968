/**
 * Begins a program's process: reports that the program may begin, waits for a byte on stdin, and reports on stderr what only
 * this process knows (src/core/child_protocol.ts): that it exits by itself with a code above 128, and the end of a program
 * that nothing of its own may yet follow, on stdout too. The text of an uncaught error follows the event, so only a program
 * that exits with 0 reports its end. A program that undoes this, or writes a report itself, falsifies only its own end.
 */
const { readSync, writeSync } = require("node:fs");
const { listenerCount } = process;
/** Begins every report; src/core/child_protocol.ts has the same words. */
const REPORT = "\0\x07";
const READY = `${REPORT}\0`;
const ENDED = `${REPORT}\x04`;
const EXITS_BY_ITSELF = `${REPORT}\x01\0`;

function waitForGo() {
  writeSync(2, READY);
  if (readSync(0, new Uint8Array(1)) === 0) process.exit(0);
  process.on("exit", reportExit);
}

function reportExit(code) {
  try {
    if ((code & 255) > 128) writeSync(2, EXITS_BY_ITSELF);
    if (code !== 0 || listenerCount.call(process, "exit") > 1) return;
    for (const stream of [1, 2]) writeSync(stream, `${ENDED}0\0`);
  } catch {
    // The program closed a stream or broke a built-in: the end of the process counts.
  }
}

/** What is appended to this file begins with it. */
exports.waitForGo = waitForGo;
