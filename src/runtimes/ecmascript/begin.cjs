/**
 * Begins a program's process: reports that the program may begin, waits for a byte on stdin, and reports on stderr what only
 * this process knows (src/core/child_protocol.ts): that it exits by itself with a code above 128. A program that undoes
 * this, or writes a report itself, falsifies only its own end. node:fs is loaded when it is used, which takes Bun 3 ms.
 */

/** Begins every report; src/core/child_protocol.ts has the same words. */
const REPORT = "\0\x07";
const READY = `${REPORT}\0`;
const EXITS_BY_ITSELF = `${REPORT}\x01\0`;

function waitForGo() {
  const { readSync, writeSync } = require("node:fs");
  const stdin = Number(process.env.CODEBEAKER_STDIN ?? 0); // That of a context is at another descriptor.
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

/** A runtime appends its own text to this one, which calls {@link waitForGo} first, or does what that does. */
Object.assign(exports, { READY, reportExit, waitForGo });
