import { stripTypeScriptTypes } from "node:module";

const { Number, SyntaxError, encodeURIComponent } = globalThis;
const GUARD = 'import "data:text/javascript,throw 0"; ';
/** Deno's message on a module's syntax: text, maybe lines of the source, and the place. */
const FAULT = /^(?:SyntaxError: )?(.+?)(?:\n[^]*)?\s+at data:[^\s]*?:(\d+):(\d+)$/;
/** Deno rewrites decorators only in modules. */
const DECORATES = /(?:^|[\s;{}])@[\w$(]/;
const IS_FOR_MODULES = "A cell cannot hold decorators: put the class in a file, and import that";
const NEEDS_TRANSFORM = /strip-only mode|type strip mode/;

/** The source without types; undefined where more than that has to be transformed. */
export function stripTypes(source) {
  try {
    return stripTypeScriptTypes(source);
  } catch (error) {
    if (NEEDS_TRANSFORM.test(error.message)) return undefined;
    throw error;
  }
}

/** The source without types and without syntax that only TypeScript has. */
export function transformTypes(source) {
  return stripTypeScriptTypes(source, { mode: "transform" });
}

/**
 * The syntax error of a cell, as Deno reports it for a module. Undefined when there is none. No code of the module
 * runs, since its first import throws.
 */
export async function findFault(source, { name, isTyped }) {
  const type = isTyped ? "typescript" : "javascript";
  const module = encodeURIComponent(GUARD + source.toWellFormed());
  const error = await import(`data:application/${type};charset=utf-8,${module}`).catch((thrown) => thrown);
  const [, message, line, column] = FAULT.exec(error?.message) ?? [];
  if (message === undefined) return isTyped && DECORATES.test(source) ? new SyntaxError(IS_FOR_MODULES) : undefined;
  const fault = new SyntaxError(message);
  const place = `${name}:${line}:${Number(column) - (line === "1" ? GUARD.length : 0)}`;
  fault.stack = `SyntaxError: ${message}\n    at ${place}`;
  return fault;
}
