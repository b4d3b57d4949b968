/**
 * Makes a module of every file in TypeScript, as it is on other runtimes: Node takes one without an import or an export for
 * CommonJS. It runs first in the process of a program in TypeScript, and in one that waits loads what strips types.
 */
const { registerHooks, stripTypeScriptTypes } = require("node:module");

registerHooks({
  load(url, context, next) {
    return next(url, url.endsWith(".ts") ? { ...context, format: "module-typescript" } : context);
  },
});

if (process.env.CODEBEAKER_WAITS !== undefined) {
  const { emitWarning } = process;
  process.emitWarning = () => {}; // That it is experimental is no matter of the program.
  stripTypeScriptTypes("let value: number;");
  process.emitWarning = emitWarning;
}
