/**
 * The process that compiles one program in C. Compiler and linker are one module, a command of WASI preview 1. It has
 * the workspace, its own headers and libraries, and the directory of its output.
 */
import { ABORTED, end, fail, waitForOrders } from "../begin.js";
import { loadCommand } from "../command.js";
import { checkModule } from "../modules.js";
import { describeTrap } from "../traps.js";
import { compilerWords, linkerWords } from "./command_lines.js";
import { identifyingFiles } from "./identities.js";
import { readLibrary, withLibrary } from "./library.js";

/** The descriptor of the last of the three directories. */
const LIBRARY_DESCRIPTOR = 5;
const [parts] = Deno.args;
const library = readLibrary(`${parts}/library.bin`);
const bytes = Deno.readFileSync(`${parts}/llvm.wasm`);
const module = checkModule(bytes);
bytes.buffer.transfer(0); // The module has a copy: a process that waits would hold the bytes twice.

const { directories: { output, workspace }, file, made } = waitForOrders();
const preopens = { "/workspace": workspace, "/output": output, "/usr": output }; // The library takes the last one's place.
const object = `${made}.o`;
for (const words of [compilerWords(file, `/output/${object}`), linkerWords(`/output/${object}`, `/output/${made}`)]) {
  const exitCode = run(words);
  if (exitCode !== 0) end(exitCode);
}
Deno.removeSync(`${output}/${object}`);
end(0);

/** Runs one of the commands; returns its exit code. */
function run(args) {
  const { instance, wasi } = loadCommand(module, { args, env: {}, extend, name: "llvm", preopens });
  try {
    return wasi.start(instance);
  } catch (error) {
    fail(describeTrap(error, args[0]), ABORTED);
  }
}

function extend(functions, places) {
  return identifyingFiles(withLibrary(functions, { ...places, library, root: LIBRARY_DESCRIPTOR }), places);
}
