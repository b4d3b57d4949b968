/**
 * Makes every file in TypeScript a module, as it is on other runtimes. Node takes a file without an import or an export
 * for CommonJS. This text runs first in the process of a program in TypeScript. In a process that waits, it loads
 * Node's stripper of types.
 */
const { registerHooks, stripTypeScriptTypes } = require("node:module");

registerHooks({
  load(url, context, next) {
    return next(url, url.endsWith(".ts") ? { ...context, format: "module-typescript" } : context);
  },
});

if (process.env.CODEBEAKER_WAITS !== undefined) {
  const { emitWarning } = process;
  process.emitWarning = () => {}; // Node warns that it is experimental, which does not concern the program.
  stripTypeScriptTypes("let value: number;");
  process.emitWarning = emitWarning;
}
