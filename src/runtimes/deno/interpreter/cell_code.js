import { stripTypeScriptTypes } from "node:module";
import { rewriteDeclarations } from "./declarations.js";
import { applyEdits } from "./edits.js";
import { importEdits } from "./imports.js";
import { parseCell } from "./parser.js";

const { Array, Number, Set, SyntaxError, encodeURIComponent } = globalThis;
const GUARD = 'import "data:text/javascript,throw 0"; ';
/** Deno's message on a module's syntax: text, maybe lines of the source, and the place. */
const FAULT = /^(?:SyntaxError: )?(.+?)(?:\n[^]*)?\s+at data:[^\s]*?:(\d+):(\d+)$/;
/** The transformation drops imports that the same cell does not use, as if they were of types. */
const IMPORTS_NOTHING = "A cell with an enum, a namespace or parameter properties imports nothing: use another cell";
/** Deno rewrites decorators only in modules. */
const DECORATES = /(?:^|[\s;{}])@[\w$(]/;
const IS_FOR_MODULES = "A cell cannot hold decorators: put the class in a file, and import that";
const NEEDS_TRANSFORM = /strip-only mode|type strip mode/;
/** A cell without these words declares and imports nothing, and is not parsed. */
const MAY_DECLARE = /\b(?:const|let|var|using|function|class|import)\b/;
const MERGED = /\b(?:enum|namespace|module)\s+([\w$]+)/g;

/**
 * The script of a cell: without types, with imports that a script can hold, and with declarations that may be repeated.
 * Line numbers stay the same.
 *
 * @returns `script`, and `before`: the declarations that precede it
 * @throws {SyntaxError} with the place in the cell
 */
export async function toScript(source, { name, isTyped }) {
  const script = asObject(source, { name, isTyped });
  if (script !== undefined) return script;
  try {
    return rewrite(source, { name, isTyped });
  } catch (error) {
    const fault = error.message === IMPORTS_NOTHING ? error : await findFault(source, { name, isTyped });
    if (fault !== undefined) throw fault;
    if (isTyped && DECORATES.test(source)) throw new SyntaxError(IS_FOR_MODULES);
    return { script: source }; // V8 decides.
  }
}

/** The script of a cell that is one object literal, in parentheses: without them it would be a block. */
function asObject(source, options) {
  if (!/^\s*\{[^]*\}\s*$/.test(source)) return undefined;
  try {
    return rewrite(`(${source})`, { ...options, isParsed: true });
  } catch {
    return undefined;
  }
}

function rewrite(source, { isParsed = false, isTyped, name }) {
  if (!isTyped) return rewriteScript(source, { isParsed, name });
  const stripped = stripTypes(source);
  const importsStatically = /^\s*import\b(?!\s*(?:type\b|\())/m.test(source);
  if (stripped !== undefined) {
    try {
      return rewriteScript(stripped, { isParsed, isTyped, name });
    } catch (error) {
      // It may be `<const>[…]`, which only the transformation knows.
      if (!stripped.includes("<") || importsStatically) throw error;
    }
  } else if (importsStatically) {
    throw new SyntaxError(IMPORTS_NOTHING);
  }
  const fresh = new Set(Array.from(source.matchAll(MERGED), ([, merged]) => merged));
  return rewriteScript(stripTypeScriptTypes(source, { mode: "transform" }), { fresh, isParsed: true, isTyped, name });
}

/** The source without types; undefined where more than that has to be transformed. */
function stripTypes(source) {
  try {
    return stripTypeScriptTypes(source);
  } catch (error) {
    if (NEEDS_TRANSFORM.test(error.message)) return undefined;
    throw error;
  }
}

/** The script of JavaScript source. */
export function rewriteScript(source, { fresh = new Set(), isParsed = false, isTyped = false, name }) {
  if (!isParsed && !MAY_DECLARE.test(source)) return { script: source };
  const program = parseCell(source);
  const imports = importEdits(source, program, { isTyped });
  const { before, edits } = rewriteDeclarations(source, program, { cell: name, edits: imports, fresh });
  return { before, script: applyEdits(source, edits) };
}

/**
 * The syntax error of a cell, as Deno reports it for a module; undefined when there is none. No code of the module runs,
 * since its first import throws.
 */
async function findFault(source, { name, isTyped }) {
  const type = isTyped ? "typescript" : "javascript";
  const module = encodeURIComponent(GUARD + source.toWellFormed());
  const error = await import(`data:application/${type};charset=utf-8,${module}`).catch((thrown) => thrown);
  const [, message, line, column] = FAULT.exec(error?.message) ?? [];
  if (message === undefined) return undefined;
  const fault = new SyntaxError(message);
  const place = `${name}:${line}:${Number(column) - (line === "1" ? GUARD.length : 0)}`;
  fault.stack = `SyntaxError: ${message}\n    at ${place}`;
  return fault;
}
