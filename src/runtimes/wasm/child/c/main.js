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

const { compileArgs, directories: { output, workspace }, file, made, sources } = waitForOrders();
const preopens = { "/workspace": workspace, "/output": output, "/usr": output }; // The library takes the last one's place.
const files = [file, ...sources];
const objects = files.map((_file, number) => `${made}.${number}.o`);
const places = objects.map((object) => `/output/${object}`);
const isForLinker = (word) => /^-[lL]/.test(word);
const [forLinker, forCompiler] = [compileArgs.filter(isForLinker), compileArgs.filter((word) => !isForLinker(word))];
const commands = [
  ...files.map((file, number) => compilerWords(file, places[number], forCompiler)),
  linkerWords(places, `/output/${made}`, forLinker),
];
for (const words of commands) {
  const exitCode = run(words);
  if (exitCode !== 0) end(exitCode);
}
for (const object of objects) Deno.removeSync(`${output}/${object}`);
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
