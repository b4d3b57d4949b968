/** Runs in a Node program's process before the program is loaded; Workers and forks load it too, and do not wait. */
const { isMainThread } = require("node:worker_threads");

if (isMainThread) {
  process.execArgv = []; // What the program forks has none of these flags.
  exports.waitForGo();
}
