/**
 * The process of one Python program. Its interpreter is there before the program is known: it begins with a memory in
 * which many modules are imported, and finds the workspace, a directory for temporary files, and nothing else of the
 * host.
 */
import { end, fail, reportDenial, waitForOrders } from "../begin.js";
import { mountHostFiles } from "../host_files.js";
import { openSnapshot } from "../snapshot.js";
import { boot } from "./boot.js";

/** A shell's exit code for a process that aborts. */
const ABORTED = 134;
const { stderr, stdin, stdout } = Deno;
const [parts] = Deno.args;

/** The class by which programs connect. There is no network. */
class NoSocket {
  constructor(url) {
    reportDenial("net", /^ws:\/\/([^/]*)/.exec(url)[1]); // A URL would leave out port 80.
    throw new Error("There is no network");
  }
}

const python = await boot({
  connect: NoSocket,
  library: "library.zip",
  parts,
  snapshot: openSnapshot(`${parts}/snapshot.bin`),
});
const { _api: api, _module: module, ERRNO_CODES: errorNumbers } = python;
api.fatal_error = endBy;
python.setStdin({ isatty: false, read: (bytes) => stdin.readSync(bytes) ?? 0 });
for (const [set, stream] of [["setStdout", stdout], ["setStderr", stderr]]) {
  python[set]({ isatty: false, write: (bytes) => stream.writeSync(bytes) });
}
const own = python.pyimport("_codebeaker");
await own.warm_up.callPromising();

const { directories, ...orders } = waitForOrders();
mountHostFiles({ errorNumbers, module }, directories);
try {
  end(await own.run.callPromising(JSON.stringify(orders)));
} catch (error) {
  endBy(error);
}

/** Ends the process after the interpreter's end by a call of exit() or a trap. */
function endBy(error) {
  if (typeof error?.status === "number") end(error.status);
  fail(`${error?.name}: ${error?.message}`, ABORTED);
}
