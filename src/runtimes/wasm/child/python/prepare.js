/**
 * Prepares the parts of Python. They are a script that starts sooner than a module, the standard library as bytecode,
 * and a snapshot of an interpreter that has imported the modules of many programs.
 */
import { makeSnapshot } from "../make_snapshot.js";
import { boot } from "./boot.js";

const [parts] = Deno.args;
const own = new URL("./", import.meta.url);

writeScript();
await compileLibrary();
await keepMemory();
for (const name of ["pyodide.asm.mjs", "source.zip"]) Deno.removeSync(`${parts}/${name}`);
Deno.exit(0);

/**
 * Makes the module a function in parentheses. V8 compiles such a function with its script, and would read another one
 * again at its call. Only the functions whose addresses the module asks for get one, and a browser's get none: all of
 * them would take a fifth of the start.
 */
function writeScript() {
  const script = [
    ["import.meta.url", '"file:///pyodide.asm.js"'],
    ["initRandomFill=()=>{", "initRandomFill=()=>{return view=>crypto.getRandomValues(view);"],
    ["if(isInternalSym(symName)){continue}var value", "if(!GOT[symName]||isInternalSym(symName)){continue}var value"],
    ["if(!value&&!entry.required){", 'if(symName.startsWith("emscripten_")||!value&&!entry.required){'],
    ["export default _createPyodideModule;", ""],
  ].reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`pyodide.asm.mjs holds no ${from}`);
    return text.replaceAll(from, () => to);
  }, Deno.readTextFileSync(`${parts}/pyodide.asm.mjs`));
  Deno.writeTextFileSync(`${parts}/pyodide.asm.js`, `(${script.trim().replace(/;$/, "")})`);
}

async function compileLibrary() {
  const python = await boot({ parts, library: "source.zip" });
  python.runPython(Deno.readTextFileSync(new URL("bytecode.py", own)));
  Deno.writeFileSync(`${parts}/library.zip`, python.FS.readFile("/tmp/library.zip"));
}

/** Writes the memory of an interpreter that has run start.py. */
async function keepMemory() {
  const python = await boot({ parts, library: "library.zip", makesSnapshot: true });
  python.FS.writeFile("/tmp/cells.py", Deno.readTextFileSync(new URL("cells.py", own)));
  python.runPython(Deno.readTextFileSync(new URL("start.py", own)));
  const snapshot = python.makeMemorySnapshot();
  const [, start, configLength] = new Uint32Array(snapshot.buffer, 0, 3);
  const config = JSON.parse(new TextDecoder().decode(snapshot.subarray(48, 48 + configLength)));
  makeSnapshot(`${parts}/snapshot.bin`, { config, memory: snapshot.subarray(start) });
}
