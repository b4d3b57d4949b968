/**
 * Gives each file a number of its own. Deno's WASI gives all files the same, by which the compiler would take every
 * directory and every header for the first.
 */
import { resolve } from "../path_denials.js";

const FIRST_DIRECTORY = 3;
/** Where the number lies in what WASI says of a file. */
const NUMBER = 8;

/** The functions of WASI. Those that describe files give them numbers, which paths have for as long as a command runs. */
export function identifyingFiles(functions, { directories, memory }) {
  const paths = new Map(directories.map((path, index) => [FIRST_DIRECTORY + index, path]));
  const numbers = new Map();
  const view = () => new DataView(memory().buffer);
  return {
    ...functions,
    path_open(...args) {
      const result = functions.path_open(...args);
      if (result === 0) paths.set(view().getUint32(args[8] >>> 0, true), pathOf(args[0], args[2], args[3]));
      return result;
    },
    path_filestat_get(...args) {
      const result = functions.path_filestat_get(...args);
      if (result === 0) putNumber(args[4], pathOf(args[0], args[2], args[3]));
      return result;
    },
    fd_filestat_get(...args) {
      const result = functions.fd_filestat_get(...args);
      const path = paths.get(args[0]);
      if (result === 0 && path !== undefined) putNumber(args[1], path);
      return result;
    },
  };

  function pathOf(fd, address, length) {
    const text = new TextDecoder().decode(new Uint8Array(memory().buffer, address >>> 0, length));
    return resolve(paths.get(fd) ?? "", text);
  }

  function putNumber(address, path) {
    if (!numbers.has(path)) numbers.set(path, numbers.size + 1);
    view().setBigUint64((address >>> 0) + NUMBER, BigInt(numbers.get(path)), true);
  }
}
