import { rewriteDeclarations } from "./declarations.js";
import { applyEdits, blank } from "./edits.js";
import { host } from "./host.js";
import { importEdits } from "./imports.js";
import { parseCell } from "./parser.js";
import { isPlain } from "./plain_code.js";

const { Array, Set, SyntaxError } = globalThis;
/**
 * The error for imports beside such syntax. The transformation drops imports that the same cell does not use, as if
 * they were of types.
 */
const IMPORTS_NOTHING = "A cell with an enum, a namespace or parameter properties imports nothing: use another cell";
/** A cell without these words declares and imports nothing, and is not parsed. */
const MAY_DECLARE = /\b(?:const|let|var|using|function|class|import)\b/;
const MERGED = /\b(?:enum|namespace|module)\s+([\w$]+)/g;

/**
 * The script of a cell. It has no types, its imports are such as a script can hold, and its declarations may be
 * repeated. Line numbers stay the same.
 *
 * @returns `script`; `before`: the declarations that precede it; and `isUnchecked` where its syntax may be wrong
 * @throws {SyntaxError} with the place in the cell
 */
export async function toScript(source, { name, isTyped, language }) {
  const options = { name, isTyped, language };
  const code = source.replace(/^#!.*/, blank); // It may no longer stand at the beginning.
  const script = asObject(code, options);
  if (script !== undefined) return script;
  try {
    return rewrite(code, options);
  } catch (error) {
    const fault = error.message === IMPORTS_NOTHING ? error : await host.findFault?.(source, options);
    if (fault !== undefined) throw fault;
    return { script: code }; // The engine decides.
  }
}

/** The syntax error of an unchecked script. Undefined where it has none, or where the engine's message is to be used. */
export async function findFault(source, options) {
  try {
    host.stripTypes(source, options.language);
    return undefined;
  } catch {
    return await host.findFault?.(source, options);
  }
}

/** The script of a cell that is one object literal, in parentheses. Without them it would be a block. */
function asObject(source, options) {
  if (!/^\s*\{[^]*\}\s*$/.test(source)) return undefined;
  try {
    return rewrite(`(${source})`, { ...options, isParsed: true });
  } catch {
    return undefined;
  }
}

function rewrite(source, { isParsed = false, isTyped, language, name }) {
  if (!isTyped) return rewriteScript(source, { isParsed, name });
  if (isPlain(source)) return { before: undefined, script: source, isUnchecked: true };
  const fresh = new Set(Array.from(source.matchAll(MERGED), ([, merged]) => merged));
  const stripped = host.stripTypes(source, language);
  const importsStatically = /^\s*import\b(?!\s*(?:type\b|\())/m.test(source);
  if (stripped !== undefined) {
    try {
      return rewriteScript(stripped, { fresh, isParsed, isTyped, name });
    } catch (error) {
      // It may be `<const>[…]`, which only the transformation knows.
      if (host.transformTypes === undefined || !stripped.includes("<") || importsStatically) throw error;
    }
  } else if (importsStatically) {
    throw new SyntaxError(IMPORTS_NOTHING);
  }
  return rewriteScript(host.transformTypes(source), { fresh, isParsed: true, isTyped, name });
}

/** The script of JavaScript source. */
export function rewriteScript(source, { fresh = new Set(), isParsed = false, isTyped = false, name }) {
  if (!isParsed && !MAY_DECLARE.test(source)) return { script: source };
  const program = parseCell(source);
  const imports = importEdits(source, program, { isTyped });
  const { before, edits } = rewriteDeclarations(source, program, { cell: name, edits: imports, fresh });
  return { before, script: applyEdits(source, edits) };
}
