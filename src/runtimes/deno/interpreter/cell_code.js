import { stripTypeScriptTypes } from "node:module";
import { rewriteDeclarations } from "./declarations.js";
import { applyEdits } from "./edits.js";
import { importEdits } from "./imports.js";
import { parseCell } from "./parser.js";

const { Array, Number, Set, SyntaxError, encodeURIComponent } = globalThis;
const GUARD = 'import "data:text/javascript,throw 0"; ';
/** What Deno says of a module's syntax: words, maybe lines of the source, and the place. */
const FAULT = /^(?:SyntaxError: )?(.+?)(?:\n[^]*)?\s+at data:[^\s]*?:(\d+):(\d+)$/;
/** The transformation leaves out imports that nothing in the same cell uses, as if they were of types. */
const IMPORTS_NOTHING = "A cell with an enum, a namespace or parameter properties imports nothing: use another cell";
/** Deno itself rewrites them, in modules alone. */
const DECORATES = /(?:^|[\s;{}])@[\w$(]/;
const IS_FOR_MODULES = "A cell cannot hold decorators: put the class in a file, and import that";
const NEEDS_TRANSFORM = /strip-only mode|type strip mode/;
/** A cell without these declares nothing and imports nothing: nobody has to parse it. */
const MAY_DECLARE = /\b(?:const|let|var|using|function|class|import)\b/;
const MERGED = /\b(?:enum|namespace|module)\s+([\w$]+)/g;

/**
 * The script that does what a cell says: without types, with imports that a script can hold, and with declarations that
 * may be repeated. Lines stay where they are.
 *
 * @returns `script`, and `before`: what has to be declared before it
 * @throws {SyntaxError} one that says where, with the name of the cell
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
    return { script: source }; // V8 has the last word.
  }
}

/** A cell that is one object literal, in parentheses: without, it would be a block. */
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

/** Undefined where more is to be done than to take types away. */
function stripTypes(source) {
  try {
    return stripTypeScriptTypes(source);
  } catch (error) {
    if (NEEDS_TRANSFORM.test(error.message)) return undefined;
    throw error;
  }
}

/** What JavaScript is evaluated as. */
export function rewriteScript(source, { fresh = new Set(), isParsed = false, isTyped = false, name }) {
  if (!isParsed && !MAY_DECLARE.test(source)) return { script: source };
  const program = parseCell(source);
  const imports = importEdits(source, program, { isTyped });
  const { before, edits } = rewriteDeclarations(source, program, { cell: name, edits: imports, fresh });
  return { before, script: applyEdits(source, edits) };
}

/**
 * What is wrong with the syntax of a cell, as Deno says it when it loads a module; undefined when nothing is. Nothing of
 * the module is run, since what it imports first throws.
 */
async function findFault(source, { name, isTyped }) {
  const type = isTyped ? "typescript" : "javascript";
  const module = encodeURIComponent(GUARD + source.toWellFormed());
  const error = await import(`data:application/${type};charset=utf-8,${module}`).catch((thrown) => thrown);
  const [, told, line, column] = FAULT.exec(error?.message) ?? [];
  if (told === undefined) return undefined;
  const fault = new SyntaxError(told);
  const place = `${name}:${line}:${Number(column) - (line === "1" ? GUARD.length : 0)}`;
  fault.stack = `SyntaxError: ${told}\n    at ${place}`;
  return fault;
}
