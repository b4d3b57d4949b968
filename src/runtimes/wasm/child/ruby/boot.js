/** Starts CRuby as ruby.wasm builds it. It is a reactor of WASI preview 1, and has no way to JavaScript here. */
import process from "node:process";
import { WASI } from "node:wasi";
import { keepingBounds } from "../bounds.js";
import { NAMESPACE } from "../modules.js";
import { reportingDenials } from "../path_denials.js";

const NEW_VALUE = "resource_new_rb-abi-value";
const GET_VALUE = "resource_get_rb-abi-value";
const INITIALIZE = "ruby-init: func(args: list<string>) -> ()";
const EVALUATE = "rb-eval-string-protect: func(str: string) -> tuple<handle<rb-abi-value>, s32>";
const CALL =
  "rb-funcallv-protect: func(recv: handle<rb-abi-value>, mid: u32, args: list<handle<rb-abi-value>>) -> tuple<handle<rb-abi-value>, s32>";
const NAME = "rb-intern: func(name: string) -> u32";
const ERROR = "rb-errinfo: func() -> handle<rb-abi-value>";
const CLEAR = "rb-clear-errinfo: func() -> ()";
/** Bytes of a string in a list: its address and its length. */
const STRING = 8;
/** Bytes of a value in a list. */
const VALUE = 4;

process.removeAllListeners("warning"); // Deno calls WASI experimental on stderr.

/** The end of the interpreter with an exit code. */
export class Exit extends Error {
  constructor(code) {
    super(`The interpreter ended with ${code}`);
    this.code = code;
  }
}

/** Instantiates the interpreter. It runs nothing yet, and has no files until it is connected. */
export function openRuby(bytes) {
  const module = new WebAssembly.Module(bytes);
  const values = []; // What the interpreter gives out; the end of the process frees them.
  let functions = {};
  const known = {
    [NEW_VALUE]: (value) => values.push(value) - 1,
    [GET_VALUE]: (handle) => values[handle],
  };
  const imports = {};
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    const lacking = () => {
      throw new Error("There is no JavaScript");
    };
    (imports[space] ??= {})[name] = space === NAMESPACE
      ? (...args) => functions[name](...args)
      : known[name] ?? lacking;
  }
  const instance = new WebAssembly.Instance(module, imports);
  const { cabi_realloc: allocate, memory } = instance.exports;
  return { call, connect, evaluate, initialize, memory };

  /** Gives the interpreter directories: paths of the host by its own. Their order is that of the memory it began with. */
  function connect(directories) {
    const wasi = new WASI({ version: "preview1", env: {}, preopens: directories });
    wasi.finalizeBindings(instance);
    functions = reportingDenials(keepingBounds(wasi.wasiImport, () => memory), {
      directories: Object.keys(directories),
      memory: () => memory,
    });
    functions.proc_exit = (code) => {
      throw new Exit(code);
    };
  }

  /** Starts the interpreter from nothing. */
  function initialize(args) {
    instance.exports._initialize();
    const list = allocate(0, 0, VALUE, args.length * STRING);
    args.forEach((arg, index) => {
      const place = placeText(arg);
      new Uint32Array(memory.buffer, list + index * STRING, 2).set(place);
    });
    instance.exports[INITIALIZE](list, args.length);
  }

  /** Runs code, and returns its value. @throws {Error} where the code raises an error */
  function evaluate(code) {
    const [value, left] = resultAt(instance.exports[EVALUATE](...placeText(code)));
    if (left !== 0) throw new Error("Ruby raised an error");
    return value;
  }

  /** Calls a method. @returns its value, or the error that it raised */
  function call(receiver, method, args = []) {
    const list = allocate(0, 0, VALUE, args.length * VALUE);
    new Uint32Array(memory.buffer, list, args.length).set(args);
    const name = instance.exports[NAME](...placeText(method));
    const [value, left] = resultAt(instance.exports[CALL](receiver, name, list, args.length));
    if (left === 0) return { value };
    const error = instance.exports[ERROR]();
    instance.exports[CLEAR](); // Else it would be the cause of the next.
    return { error };
  }

  /** A value, and a number that is 0 where no error was raised. */
  function resultAt(address) {
    return new Int32Array(memory.buffer, address, 2);
  }

  /** Places a text in the interpreter's memory, with the NUL that ends it there. */
  function placeText(text) {
    const bytes = new TextEncoder().encode(`${text}\0`);
    const at = allocate(0, 0, 1, bytes.length);
    new Uint8Array(memory.buffer).set(bytes, at);
    return [at, bytes.length];
  }
}
