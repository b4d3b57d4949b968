/**
 * The main file of a Bun program's process: runs the program as the main module once it may begin, which a process with the
 * variable waits for. A preload would need the program's file to be there already.
 */
const WAITS = "CODEBEAKER_WAITS";
const [, , program] = process.argv;
process.argv.splice(1, 1);
process.execArgv = []; // What the program starts has none of these flags.
if (process.env[WAITS] === undefined) {
  Bun.write(Bun.stderr, exports.READY); // At once, as every text that a pipe takes.
  process.on("exit", exports.reportExit);
} else exports.waitForGo();
delete process.env[WAITS];
delete process.env.CODEBEAKER_STDIN;
Bun.main = program;
import(program);
