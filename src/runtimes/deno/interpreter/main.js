/**
 * The main module of a context's process: evaluates one cell after the other in a scope that they share.
 *
 * The service writes a line of JSON on stdin: `{ cell: { … } }`, when no other cell is under way, or `{ interrupt: true }`.
 * At the end of a cell, stdout and stderr each carry `NUL BEL STX`, the cell's secret, JSON, and a line feed; that on
 * stdout says how it ended. Whatever is printed besides is the program's.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { toValue } from "./bundles.js";
import { IMPORT_NAME, META_NAME, toScript } from "./cell_code.js";
import { display, isDisplay, jupyter, takeDisplays } from "./displays.js";
import { evaluate, explain } from "./evaluator.js";
import { forget } from "../start.js";

const { exit, stdin, stdout, stderr } = Deno;
const [print, write] = [stdout, stderr].map((stream) => stream.writeSync.bind(stream));
const read = stdin.read.bind(stdin);
const { clearTimeout, setTimeout } = globalThis;
const { parse, stringify } = JSON;
const encoder = new TextEncoder();
const workspace = pathToFileURL(`${Deno.cwd()}/`);
const nothing = new ReadableStream({ start: (controller) => controller.close() });
let interrupt = () => {};

offer(globalThis, { [IMPORT_NAME]: importModule, [META_NAME]: metaOf(), display });
Deno.jupyter = jupyter;
offer(stdin, { read: () => Promise.resolve(null), readSync: () => null, readable: nothing });
for (const [type, source] of [["unhandledrejection", "reason"], ["error", "error"]]) {
  addEventListener(type, (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    complain(explain(event[source]));
  });
}
await serve();

/** Takes what the service writes, until it closes stdin. */
async function serve() {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (let length = await read(buffer); length !== null; length = await read(buffer)) {
    text += decoder.decode(buffer.subarray(0, length), { stream: true });
    const lines = text.split("\n");
    text = lines.pop();
    for (const line of lines) {
      const { cell } = parse(line);
      if (cell === undefined) interrupt();
      else run(cell);
    }
  }
  exit(0);
}

async function run({ code, language, maxResultBytes, name, secret, timeoutMs }) {
  forget();
  const isTyped = language !== "javascript";
  if (!isTyped) globalThis.require ??= createRequire(workspace);
  const ended = Promise.withResolvers();
  interrupt = () => ended.resolve({ kind: "interrupted" });
  const timer = setTimeout(() => ended.resolve({ kind: "timed_out" }), timeoutMs);
  runCell({ code, isTyped, maxResultBytes, name, timeoutMs }).then(ended.resolve, ended.reject);
  const result = await ended.promise.catch((error) => ({ kind: "failed", error: explain(error) }));
  clearTimeout(timer);
  interrupt = () => {};
  const { error, ...told } = result;
  if (error !== undefined) complain(error);
  put(print, `\0\x07\x02${secret}${stringify({ ...told, ...takeDisplays(maxResultBytes) })}\n`);
  put(write, `\0\x07\x02${secret}{}\n`);
}

async function runCell({ code, isTyped, maxResultBytes, name, timeoutMs }) {
  const { error, isTimedOut, value } = await evaluate(await toScript(code, { name, isTyped }), { name, timeoutMs });
  if (isTimedOut) return { kind: "timed_out" };
  if (error !== undefined) return { kind: "failed", error };
  return { kind: "done", ...await toValue(isDisplay(value) ? await value : value, maxResultBytes) };
}

async function importModule(specifier, options, names = []) {
  const isRelative = /^\.{0,2}\//.test(specifier);
  const module = await import(isRelative ? new URL(specifier, workspace).href : specifier, options);
  const missing = names.find((name) => !(name in module));
  if (missing === undefined) return module;
  throw new SyntaxError(`The requested module '${specifier}' does not provide an export named '${missing}'`);
}

function metaOf() {
  return {
    url: new URL("cell", workspace).href,
    dirname: Deno.cwd(),
    filename: `${Deno.cwd()}/cell`,
    main: true,
    resolve: (specifier) =>
      /^\.{0,2}\//.test(specifier) ? new URL(specifier, workspace).href : import.meta.resolve(specifier),
  };
}

function offer(target, values) {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
  }
}

function complain(text) {
  put(write, `Uncaught ${text}\n`);
}

/** Writes all of a text; without its streams a context is of no use. */
function put(write, text) {
  try {
    let rest = encoder.encode(text);
    while (rest.length > 0) rest = rest.subarray(write(rest));
  } catch {
    exit(1);
  }
}
