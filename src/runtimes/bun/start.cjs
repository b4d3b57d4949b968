/**
 * The main file of a Bun program's process: runs the program as the main module once it may begin. A preload would need
 * the program's file to be there already.
 */
const [, , program] = process.argv;
process.argv.splice(1, 1);
process.execArgv = []; // What the program starts has none of these flags.
exports.waitForGo();
Bun.main = program;
import(program);
