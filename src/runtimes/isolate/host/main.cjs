/** The process of a slot. It runs one program after another, all of one tenant, each in a V8 isolate of its own. */
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { KINDS, readRequest, waitForRequest, writeFrame } = require("./frames.cjs");
const { lock } = require("./lock.cjs");
const { Isolates, runProgram } = require("./program.cjs");
const { loadCompiler } = require("./typescript.cjs");

/** How long the service has to answer alone. An isolate that is made meanwhile may take its core. */
const ANSWER_MS = 1;
/** The shortest pause before a program after which the process waits. A client that pauses once often does again. */
const PAUSE_MS = 3;
/** How long the process waits for a program before it loads the compiler. */
const IDLE_MS = 200;

const { addonPath, filter, isJitless, marginMb, memoryMb } = JSON.parse(process.argv[2]);
const addon = { exports: {} };
process.dlopen(addon, addonPath);
const prelude = JSON.parse(readFileSync(join(__dirname, "prelude.json"), "utf8"));
const isolates = new Isolates({ ivm: addon.exports.ivm, memoryMb, prelude });
let next = isolates.make(); // The lock counts the memory that this isolate reserves.
lock({ filter: Buffer.from(filter, "base64"), isJitless, marginMb, memoryMb });
writeFrame(KINDS.ready, "");
let readyAt = performance.now();
let hasCompiler = isJitless; // Without machine code, no compiler can be loaded.
// A frame without a number is no program: the process ends rather than run it.
for (let request = nextRequest(); request?.number !== undefined; request = nextRequest()) {
  const made = next;
  const followsPause = performance.now() - readyAt > PAUSE_MS;
  const { number, ...program } = request;
  const ended = runProgram(made, program);
  writeFrame(KINDS.done, JSON.stringify({ ...ended, number }));
  if (followsPause) waitForRequest(ANSWER_MS); // The next request ends the wait.
  if (!made.isolate.isDisposed) made.isolate.dispose();
  next = isolates.make();
  readyAt = performance.now();
}

function nextRequest() {
  if (!hasCompiler && !waitForRequest(IDLE_MS)) {
    hasCompiler = true;
    try {
      loadCompiler();
    } catch {
      // Programs without types run all the same; one with types gets the error.
    }
  }
  return readRequest();
}
