/** Checks a module before it runs. It must be one, and ask for nothing but WASI preview 1. */

import { isTrap, OF_THE_API } from "./traps.js";

/** The namespace of the functions of WASI preview 1. */
export const NAMESPACE = "wasi_snapshot_preview1";

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
/**
 * The version of the binary format, and the layer of a component. The version is the byte after the magic; the layer is
 * two bytes further.
 */
const [VERSION, COMPONENT_LAYER] = [1, 1];
const MAX_SHOWN = 3;

/** Compiles a module. @throws {Error} with the reason why it is none that runs here */
export function checkModule(bytes) {
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) {
    throw new Error("It is no WebAssembly module, which begins with the bytes 00 61 73 6d");
  }
  const [version, , layer] = bytes.subarray(MAGIC.length);
  if (layer === COMPONENT_LAYER) {
    throw new Error("It is a component, and only core modules run here: build it as a command of WASI preview 1");
  }
  if (version !== undefined && version !== VERSION) {
    throw new Error(`It is WebAssembly of version ${version}, and ${VERSION} is known`);
  }
  const module = new WebAssembly.Module(bytes);
  checkImports(WebAssembly.Module.imports(module));
  checkExports(WebAssembly.Module.exports(module));
  return module;
}

/**
 * Instantiates a module, whose start function runs then.
 *
 * @throws {unknown} the trap of the start function, or an error with the reason
 */
export function instantiate(module, imports) {
  try {
    return new WebAssembly.Instance(module, imports);
  } catch (error) {
    if (isTrap(error) || `${error?.message}`.startsWith(OF_THE_API)) throw error;
    throw new Error("Its start function calls WASI, and a command of WASI preview 1 does so from _start");
  }
}

/** Checks the memory of an instance. @throws {Error} where WASI cannot use it */
export function checkMemory(memory) {
  try {
    memory.grow(0);
  } catch {
    throw new Error("It has a memory of 64 bits, and WASI preview 1 knows those of 32 bits"); // It grows by a BigInt.
  }
}

function checkImports(imports) {
  const others = imports.filter(({ kind, module }) => module !== NAMESPACE || kind !== "function");
  if (others.length === 0) return;
  const names = others.slice(0, MAX_SHOWN).map(({ module, name }) => `${module}.${name}`.slice(0, 80));
  const more = others.length > MAX_SHOWN ? ` and ${others.length - MAX_SHOWN} others` : "";
  throw new Error(`It imports ${names.join(", ")}${more}, and only functions of ${NAMESPACE} are here`);
}

function checkExports(exports) {
  for (const [name, kind] of [["_start", "function"], ["memory", "memory"]]) {
    if (exports.some((one) => one.name === name && one.kind === kind)) continue;
    throw new Error(`It exports no ${kind} "${name}", as a command of WASI preview 1 does`);
  }
}
