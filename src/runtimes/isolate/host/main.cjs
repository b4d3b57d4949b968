/** The process of a slot: runs one program after another, all of one tenant, each in a V8 isolate of its own. */
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { KINDS, readRequest, writeFrame } = require("./frames.cjs");
const { lock } = require("./lock.cjs");
const { Isolates, runProgram } = require("./program.cjs");

/** What a first program would make slow for the next: it is run before the process is locked. */
const WARM_UP =
  'class A extends URLSearchParams {} console.log({ a: [1, "b", new Map([[1, 2]])] }, new URL("a:b").href);';

const { addonPath, filter, memoryMb } = JSON.parse(process.argv[2]);
const addon = { exports: {} };
process.dlopen(addon, addonPath);
const textOf = (name) => readFileSync(join(__dirname, name), "utf8");
const isolates = new Isolates({
  ivm: addon.exports.ivm,
  memoryMb,
  prelude: textOf("prelude.js"),
  streams: textOf("streams.js"),
});
warmUp();
let next = isolates.make(); // What an isolate reserves is in what the lock counts.
lock({ filter: Buffer.from(filter, "base64"), memoryMb });
writeFrame(KINDS.ready, "");
for (let request = readRequest(); request !== undefined; request = readRequest()) {
  const made = next;
  const ended = runProgram(made, request);
  writeFrame(KINDS.done, JSON.stringify(ended));
  if (!made.isolate.isDisposed) made.isolate.dispose();
  next = isolates.make();
}

function warmUp() {
  const made = isolates.make();
  runProgram(made, { entry: "main.js", files: { "main.js": WARM_UP } });
  made.isolate.dispose();
}
