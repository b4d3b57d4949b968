import { compileToWasi, wasiCompiler } from "../wasi/compiler.ts";
import type { Dialect } from "./dialect.ts";

/** Where programs.c has what it is to do, and what ends a field of that. */
const PLACE = "@@ORDER@@";
const SEPARATOR = "\x1f";

let programs: Promise<Uint8Array<ArrayBuffer>> | undefined;

/** The programs of the suite as orders. */
const ORDERS: Dialect = {
  hello: order("print", "hello\n"),
  echoStdin: order("echo_stdin"),
  printArgs: order("print_arguments"),
  printVariable: (name) => order("print_variable", name),
  exitWith: (code) => order("exit", code),
  failOnLine3: (message) => order("fail", message),
  spin: order("spin"),
  sleep: order("sleep", "ready\n"),
  ignoreSigterm: order("sleep", "ready\n"), // A module hears of no signal, and its process is ended by the first.
  floodStdout: order("flood", 1),
  writeSingleBytes: (count) => order("single_bytes", count),
  halfCharacter: order("sleep", "ok\xe2\x82"),
  allocateForEver: order("take_memory", 1_000_000),
  writeFile: (path, text) => order("write_file", path, text),
  printFile: (path) => order("print_file", path),
  printIsMain: order("print", "main\n"),
  connect: () => order("exit", 1), // No function connects.
  reach: () => order("print", "caught\n"),
  limits: {
    takeHeap: (megabytes) => order("take_memory", megabytes),
    openFiles: (count) => order("open_files", count),
    writeFiles: ({ place, count, bytes }) => order("write_files", place, count, bytes),
    makeSparseFile: (megabytes) => order("make_sparse_file", megabytes),
    floodStderr: order("flood", 2),
  },
};

/** Modules of WASI preview 1: one module in which each program of the suite stands as its order. */
export const wasi: Dialect = { ...ORDERS, needs: { name: "wasi_compiler", availability: wasiCompiler }, encode };

/** C for WASI preview 1: one text in which each program of the suite stands as its order. */
export const wasiC: Dialect = {
  ...ORDERS,
  async encode(text) {
    const bytes = [...text].map((character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
    return new TextEncoder().encode((await readPrograms()).replace(PLACE, () => bytes.join("")));
  },
};

function order(...fields: readonly (string | number)[]): string {
  return fields.map((field) => `${field}${SEPARATOR}`).join("");
}

/** The module that does what an order says; its characters are bytes. */
async function encode(text: string): Promise<Uint8Array<ArrayBuffer>> {
  programs ??= readPrograms().then(compileToWasi);
  const module = (await programs).slice();
  const at = new TextDecoder("latin1").decode(module).indexOf(PLACE);
  module.set(Uint8Array.from(`${text}\0`, (character) => character.charCodeAt(0)), at);
  return module;
}

function readPrograms(): Promise<string> {
  return Deno.readTextFile(new URL("../wasi/programs.c", import.meta.url));
}
