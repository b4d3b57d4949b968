/**
 * Begins a program's process. It reports that the program may begin, and waits for a byte on stdin. Afterwards it
 * reports on stderr that the process exits by itself with a code above 128 (src/core/child_protocol.ts). A program that
 * undoes this, or writes a report itself, falsifies only its own end. node:fs is loaded only when it is used: loading
 * it takes Bun 3 ms.
 */

/** Begins every report; src/core/child_protocol.ts has the same words. */
const REPORT = "\0\x07";
const READY = `${REPORT}\0`;
const EXITS_BY_ITSELF = `${REPORT}\x01\0`;

function waitForGo() {
  const { readSync, writeSync } = require("node:fs");
  const stdin = Number(process.env.CODEBEAKER_STDIN ?? 0); // A context's stdin is at another descriptor.
  delete process.env.CODEBEAKER_STDIN;
  writeSync(2, READY);
  if (readSync(stdin, new Uint8Array(1)) === 0) process.exit(0);
  process.on("exit", reportExit);
}

function reportExit(code) {
  try {
    if ((code & 255) > 128) require("node:fs").writeSync(2, EXITS_BY_ITSELF);
  } catch {
    // The program closed the stream.
  }
}

/**
 * The exports for a runtime's own text, which is appended to this one. That text calls {@link waitForGo} first, or does
 * the same itself.
 */
Object.assign(exports, { READY, reportExit, waitForGo });
