/**
 * The process of one WebAssembly module, a command of WASI preview 1. The module has the workspace, a directory for
 * temporary files, its arguments, its variables and the three streams, and nothing else.
 */
import { ABORTED, end, fail, waitForOrders } from "./begin.js";
import { loadCommand } from "./command.js";
import { checkModule } from "./modules.js";
import { describeTrap, isTrap } from "./traps.js";
import { WARM_UP } from "./warm_up.js";

/** A shell's exit code for an unusable file. */
const CANNOT_RUN = 126;

const NOTHING = { args: [], env: {}, name: "", preopens: {} };
const warmUp = load(WARM_UP, NOTHING);
warmUp.wasi.start(warmUp.instance);

const orders = waitForOrders();
const { name } = orders;
start(open());

/** The instance of the program's module, with its WASI. Ends the process where there can be none. */
function open() {
  try {
    return load(Deno.readFileSync(orders.file), orders);
  } catch (error) {
    if (isTrap(error)) fail(describeTrap(error, name), ABORTED); // Of a start function.
    fail(`${name}: ${error.message}`, CANNOT_RUN);
  }
}

function load(bytes, parts) {
  return loadCommand(checkModule(bytes), parts);
}

function start({ instance, wasi }) {
  let exitCode;
  try {
    exitCode = wasi.start(instance);
  } catch (error) {
    fail(describeTrap(error, name), ABORTED);
  }
  end(exitCode);
}
