/**
 * Runs in a Node program's process before the program is loaded. Workers and forks load it too, and do not wait. It
 * reports the end of a program, unless code of the program may still follow. The text of an uncaught error follows the
 * event, so that only a program that exits with 0 reports its end.
 */
const { writeSync: write } = require("node:fs");
const { isMainThread } = require("node:worker_threads");
const { listenerCount } = process;
/** The report of the end, on both streams. src/core/child_protocol.ts has the same word. */
const ENDED = "\0\x07\x04";
/** The variable of a process that starts before its program is known. */
const WAITS = "CODEBEAKER_WAITS";

function warmUp() {
  const { emitWarning } = process;
  const stderr = Object.getOwnPropertyDescriptor(process, "stderr");
  process.emitWarning = () => {}; // Experimental modules print warnings, and no program has asked for these modules.
  // Reading the property opens the stream. Then a write of the program to the descriptor fails where the pipe is full.
  Object.defineProperty(process, "stderr", { configurable: true, value: {} });
  require("./warm.mjs");
  Object.defineProperty(process, "stderr", stderr);
  process.emitWarning = emitWarning;
}

function reportEnd(code) {
  if (code !== 0 || listenerCount.call(process, "exit") > 2) return;
  try {
    for (const stream of [1, 2]) write(stream, `${ENDED}0\0`);
  } catch {
    // The program closed a stream: the end of the process counts.
  }
}

if (isMainThread) {
  process.execArgv = []; // Processes that the program forks have none of these flags.
  if (process.env[WAITS] !== undefined) warmUp();
  delete process.env[WAITS];
  exports.waitForGo();
  process.on("exit", reportEnd);
}
