/**
 * The process of one Python program. Its interpreter is there before the program is known: it begins with a memory in
 * which many modules are imported, and finds the workspace, a directory for temporary files, and nothing else of the
 * host.
 */
import { end, endBy, waitForOrders } from "../begin.js";
import { openPython } from "./open.js";
import { beginTurn } from "./turns.js";

const { stdin } = Deno;
const { mount, own } = await openPython((bytes) => stdin.readSync(bytes) ?? 0);
const run = own.open_program(end);
const { directories, ...orders } = waitForOrders();
mount(directories);
beginTurn();
try {
  await run.callPromising(JSON.stringify(orders));
} catch (error) {
  endBy(error);
}
