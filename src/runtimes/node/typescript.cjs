/**
 * Makes a file in TypeScript a module, as it is on other runtimes. Node takes a file without an import or an export for
 * CommonJS, and still does where the file uses a name of CommonJS. This text runs first in the process of a program in TypeScript. In a process that waits, it loads
 * Node's stripper of types.
 */
const { readFileSync } = require("node:fs");
const { registerHooks, stripTypeScriptTypes } = require("node:module");

/** Matches the names of CommonJS. A program that uses them asked for Node, since others have no such names. */
const COMMON_JS = /\brequire\s*\(|\bmodule\.exports\b|(?<!\.)\bexports\.\w|\b__(?:dirname|filename)\b/;

registerHooks({
  load(url, context, next) {
    if (!url.endsWith(".ts")) return next(url, context);
    const source = readFileSync(new URL(url), "utf8");
    return next(url, COMMON_JS.test(source) ? context : { ...context, format: "module-typescript" });
  },
});

if (process.env.CODEBEAKER_WAITS !== undefined) {
  const { emitWarning } = process;
  process.emitWarning = () => {}; // Node warns that it is experimental, which does not concern the program.
  stripTypeScriptTypes("let value: number;");
  process.emitWarning = emitWarning;
}
