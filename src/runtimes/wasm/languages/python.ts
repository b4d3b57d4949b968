import type { Need, Surface } from "../../../core/needs.ts";
import { moduleSurface, parseModules } from "../../interpreters/python/module_surface.ts";
import { CELL_INTERPRETER } from "../../interpreters/python/python_interpreter.ts";
import { environmentCanary, networkCanary, secretCanary } from "../../process/self_test/common_canaries.ts";
import { PYTHON_TEST_PROGRAMS } from "../../interpreters/python/test_programs.ts";
import begin from "../child/begin.js" with { type: "text" };
import boot from "../child/python/boot.js" with { type: "text" };
import bytecode from "../child/python/bytecode.py" with { type: "text" };
import cellHost from "../child/python/cell_host.py" with { type: "text" };
import context from "../child/python/context.js" with { type: "text" };
import hostFiles from "../child/host_files.js" with { type: "text" };
import listModules from "../child/python/list_modules.py" with { type: "text" };
import main from "../child/python/main.js" with { type: "text" };
import makeSnapshot from "../child/make_snapshot.js" with { type: "text" };
import open from "../child/python/open.js" with { type: "text" };
import prepare from "../child/python/prepare.js" with { type: "text" };
import snapshot from "../child/snapshot.js" with { type: "text" };
import start from "../child/python/start.py" with { type: "text" };
import turns from "../child/python/turns.js" with { type: "text" };
import waiting from "../child/python/waiting.py" with { type: "text" };
import type { LanguageRow } from "./row.ts";

/** Modules that are there and can do nothing: there are no threads, processes and sockets. */
const POWERLESS: ReadonlySet<string> = new Set([
  ...["_thread", "concurrent", "ftplib", "imaplib", "multiprocessing", "poplib", "pty", "smtplib", "socket"],
  ...["socketserver", "subprocess", "threading", "webbrowser", "xmlrpc"],
]);

/** A way out of the interpreter: the globals of its process. */
const WAY_OUT = 'import pyodide_js\nhost = pyodide_js.constructor.constructor("return Deno")()';
const code = (...lines: string[]) => ({ "main.py": lines.join("\n") });

/** CPython as Pyodide builds it. */
export const python: LanguageRow = {
  title: "Python 3.14 (Pyodide)",
  packages: [{
    name: "pyodide",
    version: "314.0.7",
    integrity: "sha512-0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A==",
    files: {
      "pyodide.mjs": "pyodide.mjs",
      "pyodide.asm.mjs": "pyodide.asm.mjs",
      "pyodide.asm.wasm": "pyodide.asm.wasm",
      "python_stdlib.zip": "source.zip",
    },
  }],
  preparation: {
    main: "python/prepare.js",
    texts: {
      "python/prepare.js": prepare,
      "python/boot.js": boot,
      "python/bytecode.py": bytecode,
      "python/cells.py": [CELL_INTERPRETER, waiting, cellHost].join("\n\n"),
      "python/start.py": start,
      "make_snapshot.js": makeSnapshot,
    },
  },
  parts: ["pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "library.zip", "snapshot.bin"],
  host: {
    main: "python/main.js",
    texts: {
      "begin.js": begin,
      "host_files.js": hostFiles,
      "snapshot.js": snapshot,
      "python/main.js": main,
      "python/boot.js": boot,
      "python/context.js": context,
      "python/open.js": open,
      "python/turns.js": turns,
    },
  },
  context: "python/context.js",
  memoryMb: 81,
  // The optimizing compiler and threads for it take 30 MB and processor time, from programs that end before they gain by it.
  v8Flags: ["--liftoff-only", "--single-threaded"],
  variables: { HOME: "/workspace", LANG: "C.UTF-8" },
  memoryEndings: [
    { pattern: /^MemoryError/m, endings: [1] },
    { pattern: /Fatal (?:JavaScript|process) out of memory/, endings: ["SIGTRAP", "SIGABRT"] },
  ],
  noPackages: "Python has no network in WebAssembly, and takes no wheels: send packages of pure Python with the files",
  programs: PYTHON_TEST_PROGRAMS,
  canaries: [
    secretCanary({
      name: "host_files",
      promise: "a way out of the interpreter reads no file of the host",
      files: ({ secretPath }) => code(WAY_OUT, `print(host.readTextFileSync(${JSON.stringify(secretPath)}))`),
      wrong: "a file of the host was read",
    }),
    {
      ...networkCanary(({ port }) =>
        code(
          ...[WAY_OUT, "import asyncio", "async def main():"],
          `    await host.connect(host.JSON.parse('{"hostname": "127.0.0.1", "port": ${port}}'))`,
          "asyncio.run(main())",
        )
      ),
      name: "host_network",
    },
    {
      ...environmentCanary(() => code(WAY_OUT, "print(host.env.toObject())")),
      name: "host_environment",
    },
  ],
  modules: { code: listModules, surfaceOf },
};

/** The surface of a list of modules, without modules that can do nothing here. */
function surfaceOf(list: string): Surface | undefined {
  const modules = parseModules(list);
  if (modules === undefined) return undefined;
  const surface = moduleSurface(modules, { remedy: "send the module with the files of the request" });
  return { ...surface, mayGrow: false, has: (need: Need) => POWERLESS.has(need.name) ? false : surface.has(need) };
}
