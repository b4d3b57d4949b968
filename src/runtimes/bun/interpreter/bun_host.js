/** Fills host.js for Bun. */
import vm from "node:vm";
import { host } from "../../interpreters/ecmascript/host.js";
import { parseCell } from "../../interpreters/ecmascript/parser.js";
import { flushStreams, ORDERS } from "../../ecmascript/process_host.js";

const { AggregateError, Object, SyntaxError, process } = globalThis;
const { file, Transpiler } = Bun;
const { constants: { USE_MAIN_CONTEXT_DEFAULT_LOADER: importModuleDynamically }, runInThisContext } = vm;
/** Bun's loader by language; absent, that of TypeScript. */
const LOADERS = { jsx: "jsx", tsx: "tsx" };

/**
 * Matches code that may use streams of the process. Only then does this host read them: reading opens a stream, and
 * then a write to its descriptor may fail.
 */
const USES_STREAMS = /\bstd(?:out|err)\b/;
let usesStreams = false;

/** Settles when a stream has written its bytes. The callback of a write does not show that. */
async function flush(stream) {
  const sink = Object.getOwnPropertySymbols(stream).find(({ description }) => description === "kWriteStreamFastPath");
  await stream[sink]?.flush?.();
}

/** The source without types and JSX. A source that has neither stays as it is, with the same lines. */
function stripTypes(source, language) {
  try {
    parseCell(source);
    return source;
  } catch {
    return transpile(source, language);
  }
}

function transpile(source, language) {
  const loader = LOADERS[language] ?? "ts";
  const options = { loader, autoImportJSX: true, deadCodeElimination: false, trimUnusedImports: false };
  return new Transpiler(options).transformSync(source);
}

/** The syntax error of a cell in Bun's words, with its place. Undefined when there is none. */
function findFault(source, { isTyped, language, name }) {
  if (!isTyped) return undefined;
  try {
    transpile(source, language);
    return undefined;
  } catch (error) {
    const { message, position } = error instanceof AggregateError ? error.errors[0] : error;
    const fault = new SyntaxError(message);
    fault.stack = `SyntaxError: ${message}\n    at ${name}:${position?.line ?? 1}:${position?.column ?? 1}`;
    return fault;
  }
}

Object.assign(host, {
  beforeCell: (code) => {
    usesStreams ||= USES_STREAMS.test(code);
  },
  flush: () => flushStreams(usesStreams ? [process.stdout, process.stderr] : [], flush),
  declare: (script) => runInThisContext(script),
  runScript: (script, { name: filename, timeoutMs: timeout }) =>
    runInThisContext(script, { filename, timeout, displayErrors: false, importModuleDynamically }),
  isTimeout: (thrown) => thrown?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT",
  readOrders: () => file(ORDERS).stream(),
  isTyped: (language) => language !== "javascript",
  stripTypes,
  findFault,
});
