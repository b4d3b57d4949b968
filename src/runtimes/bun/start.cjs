/**
 * The main file of a Bun program's process. It runs the program as the main module once the program may begin. A
 * process with the variable waits for that. A preload would need the program's file to be there already.
 */
const WAITS = "CODEBEAKER_WAITS";
const [, , program] = process.argv;
process.argv.splice(1, 1);
process.execArgv = []; // Processes that the program starts have none of these flags.
if (process.env[WAITS] === undefined) {
  Bun.write(Bun.stderr, exports.READY); // Written at once, like every text that fits into a pipe.
  process.on("exit", exports.reportExit);
} else exports.waitForGo();
delete process.env[WAITS];
delete process.env.CODEBEAKER_STDIN;
delete process.env.BUN_FEATURE_FLAG_DISABLE_ASYNC_TRANSPILER; // It is this process's own.
Bun.main = program;
import(program);
