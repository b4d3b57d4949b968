/** Loads commands of WASI preview 1. They have nothing but what they are given here, and the three streams. */
import process from "node:process";
import { WASI } from "node:wasi";
import { keepingBounds } from "./bounds.js";
import { checkMemory, instantiate, NAMESPACE } from "./modules.js";
import { reportingDenials } from "./path_denials.js";

process.removeAllListeners("warning"); // Deno calls WASI experimental on stderr.

/**
 * Makes an instance of a module, with its WASI.
 *
 * @param extend adds to the functions of WASI, by the names of the directories and the memory
 * @throws {unknown} the trap of its start function, or an error
 */
export function loadCommand(module, { args, env, extend = (functions) => functions, name, preopens }) {
  const wasi = new WASI({ version: "preview1", args: [name, ...args], env, preopens, returnOnExit: true });
  const memory = () => instance.exports.memory;
  const places = { directories: Object.keys(preopens), memory };
  const calls = extend(reportingDenials(keepingBounds(wasi.wasiImport, memory), places), places);
  const instance = instantiate(module, { [NAMESPACE]: calls });
  checkMemory(instance.exports.memory);
  return { instance, wasi };
}
