/**
 * Prepares the parts of Python. They are a script that starts sooner than a module, the standard library as bytecode,
 * and a snapshot of an interpreter that has imported the modules of many programs.
 */
import { boot } from "./boot.js";

const [parts] = Deno.args;
const own = new URL("./", import.meta.url);
/** The bytes that a snapshot keeps or leaves out as one. */
const BLOCK = 4_096;

writeScript();
await compileLibrary();
await makeSnapshot();
for (const name of ["pyodide.asm.mjs", "source.zip"]) Deno.removeSync(`${parts}/${name}`);
Deno.exit(0);

/** Makes the module a function. Its argument takes the place of WebSocket. */
function writeScript() {
  const script = [
    ["import.meta.url", '"file:///pyodide.asm.js"'],
    ["initRandomFill=()=>{", "initRandomFill=()=>{return view=>crypto.getRandomValues(view);"],
    ["export default _createPyodideModule;", ""],
  ].reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`pyodide.asm.mjs holds no ${from}`);
    return text.replaceAll(from, () => to);
  }, Deno.readTextFileSync(`${parts}/pyodide.asm.mjs`));
  Deno.writeTextFileSync(`${parts}/pyodide.asm.js`, `(WebSocket) => {${script}\nreturn _createPyodideModule;}`);
}

async function compileLibrary() {
  const python = await boot({ parts, library: "source.zip" });
  python.runPython(Deno.readTextFileSync(new URL("bytecode.py", own)));
  Deno.writeFileSync(`${parts}/library.zip`, python.FS.readFile("/tmp/library.zip"));
}

/** Writes the length of a head, the head, and memory that is not zero. */
async function makeSnapshot() {
  const python = await boot({ parts, library: "library.zip", makesSnapshot: true });
  python.runPython(Deno.readTextFileSync(new URL("start.py", own)));
  const snapshot = python.makeMemorySnapshot();
  const [, start, configLength] = new Uint32Array(snapshot.buffer, 0, 3);
  const config = JSON.parse(new TextDecoder().decode(snapshot.subarray(48, 48 + configLength)));
  const memory = snapshot.subarray(start);
  const runs = runsOf(memory);
  const head = new TextEncoder().encode(JSON.stringify({ bytes: memory.length, config, runs }));
  using file = Deno.openSync(`${parts}/snapshot.bin`, { write: true, createNew: true });
  write(file, new Uint8Array(Uint32Array.of(head.length).buffer));
  write(file, head);
  for (const [at, length] of runs) write(file, memory.subarray(at, at + length));
}

/** The beginnings and lengths of a memory's parts that are not zero. */
function runsOf(memory) {
  const runs = [];
  for (let at = 0; at < memory.length; at += BLOCK) {
    if (memory.subarray(at, at + BLOCK).every((byte) => byte === 0)) continue;
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === at) last[1] += BLOCK;
    else runs.push([at, BLOCK]);
  }
  return runs;
}

function write(file, bytes) {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
}
