/** Opens the interpreter of a process. It has many modules in its memory, and of the host three streams. */
import { endBy, reportDenial } from "../begin.js";
import { openHostFiles } from "../host_files.js";
import { openSnapshot } from "../snapshot.js";
import { boot } from "./boot.js";
import { schedule } from "./turns.js";

const { stderr, stdout } = Deno;
const [parts] = Deno.args;
/** The program of the warm-up: a directory of the host, and a file in it. */
const WARM_UP = { place: "/warm_up", root: parts, name: "pyodide.mjs" };

/** The class by which programs connect. There is no network. */
class NoSocket {
  constructor(url) {
    reportDenial("net", /^ws:\/\/([^/]*)/.exec(url)[1]); // A URL would leave out port 80.
    throw new Error("There is no network");
  }
}

/**
 * Opens an interpreter. It comes with its functions that begin programs, and one that mounts the host's directories.
 *
 * @param readStdin reads bytes of its stdin; gives their number
 */
export async function openPython(readStdin) {
  const python = await boot({
    connect: NoSocket,
    library: "library.zip",
    parts,
    snapshot: openSnapshot(`${parts}/snapshot.bin`),
  });
  python._api.fatal_error = endBy;
  python._api.scheduleCallback = (act) => act(); // Else each call from here would wait for a timer first.
  python.pyimport("pyodide.webloop").scheduleCallback = schedule;
  python.setStdin({ isatty: false, read: readStdin });
  for (const [set, stream] of [["setStdout", stdout], ["setStderr", stderr]]) {
    python[set]({ isatty: false, write: (bytes) => stream.writeSync(bytes) });
  }
  const own = python.pyimport("_codebeaker");
  const { _module: module, ERRNO_CODES: errorNumbers } = python;
  const files = openHostFiles({ errorNumbers, module });
  await warmUp(files, own);
  return { python, own, mount: files.mount };
}

/** Runs what every program runs, from its orders to its end. Its code is compiled by then. */
async function warmUp(files, own) {
  const { name, place: directory, root } = WARM_UP;
  const unmount = files.mountForAWhile(directory, root);
  const orders = { file: `${directory}/${name}`, args: [], directory, env: { WARM_UP: "1" } };
  await own.warm_up.callPromising(JSON.stringify(orders), () => {});
  unmount();
}
