import { stripTypeScriptTypes } from "node:module";
import { parse } from "es-module-lexer/js";

/** What stands in a script for `import()`, and for `import.meta`. */
export const IMPORT_NAME = "$cell$import";
/** See {@link IMPORT_NAME}. */
export const META_NAME = "$cell$meta";

/** Kinds of what the lexer finds: `import … from`, `import()`, and `import.meta`. */
const [STATIC, DYNAMIC, META] = [1, 2, 3];
const GUARD = 'import "data:text/javascript,throw 0"; ';
/** What Deno says of a module's syntax: words, maybe lines of the source, and the place. */
const FAULT = /^(?:SyntaxError: )?(.+?)(?:\n[^]*)?\s+at data:[^\s]*?:(\d+):(\d+)$/;
/** The transformation leaves out imports that nothing in the same cell uses, as if they were of types. */
const IMPORTS_NOTHING = "A cell with an enum, a namespace or parameter properties imports nothing: use another cell";
const NEEDS_TRANSFORM = /strip-only mode|type strip mode/;
const AsyncFunction = (async () => {}).constructor;

/**
 * The script that does what a cell says: without types, and with imports that a script can hold. Lines stay where they
 * are.
 *
 * @throws {SyntaxError} one that says where, with the name of the cell
 */
export async function toScript(source, { name, isTyped }) {
  const whole = await asObject(source, isTyped) ?? source;
  try {
    return rewriteImports(isTyped ? stripTypes(whole) : whole);
  } catch (error) {
    const fault = error.message === IMPORTS_NOTHING ? error : await findFault(source, { name, isTyped });
    if (fault !== undefined) throw fault;
    return source; // V8 has the last word.
  }
}

/** A cell that is one object literal, in parentheses: without, it would be a block. */
function asObject(source, isTyped) {
  if (!/^\s*\{[^]*\}\s*$/.test(source)) return undefined;
  const literal = `(${source})`;
  try {
    new AsyncFunction(rewriteImports(isTyped ? stripTypes(literal) : literal));
    return literal;
  } catch {
    return undefined;
  }
}

function stripTypes(source) {
  try {
    return stripTypeScriptTypes(source);
  } catch (error) {
    if (!NEEDS_TRANSFORM.test(error.message)) throw error;
  }
  if (/^\s*import\b(?!\s*(?:type\b|\())/m.test(source)) {
    throw new SyntaxError(IMPORTS_NOTHING);
  }
  return stripTypeScriptTypes(source, { mode: "transform" });
}

/** Imports as a script can make them: what they name becomes variables of the script. */
export function rewriteImports(source) {
  if (!/\bimport\b/.test(source)) return source;
  const [imports] = parse(source);
  let script = "";
  let from = 0;
  for (const found of imports) {
    const [end, text] = rewrite(source, found);
    if (found.ss < from) continue;
    script += source.slice(from, found.ss) + text;
    from = end;
  }
  return script + source.slice(from);
}

/** Where a piece of the source ends, and what takes its place. */
function rewrite(source, { a: attributesAt, d: callAt, s: nameAt, se: end, ss: start, t: kind, e: nameEnd }) {
  switch (kind) {
    case META:
      return [end, META_NAME];
    case DYNAMIC:
      return [callAt, IMPORT_NAME];
    case STATIC: {
      const specifier = source.slice(nameAt - 1, nameEnd + 1);
      const attributes = attributesAt < 0 ? "undefined" : `{ with: ${source.slice(attributesAt, end)} }`;
      const clause = source.slice(start + "import".length, nameAt - 1).replace(/\bfrom\s*$/, "");
      const lines = "\n".repeat(source.slice(start, end).split("\n").length - 1);
      return [end, `${toDeclaration(clause, `${specifier}, ${attributes}`)}${lines}`];
    }
    default:
      throw new SyntaxError(`Cannot import in this way: ${source.slice(start, end)}`);
  }
}

/** `name, { a, b as c }` and `name, * as all`, as a declaration of the same variables. */
function toDeclaration(clause, module) {
  const text = clause.replace(/\/\*[^]*?\*\/|\/\/.*/g, " ").trim();
  if (text === "") return `void await ${IMPORT_NAME}(${module})`;
  const [, standard, rest = ""] = /^(?:([^\s{*,]+)\s*,?)?\s*([^]*)$/.exec(text);
  const pairs = standard === undefined ? [] : [["default", standard]];
  const [, all] = /^\*\s*as\s+(\S+)$/.exec(rest) ?? [];
  if (rest.startsWith("{")) pairs.push(...splitNames(rest.slice(1, -1)));
  const names = JSON.stringify(pairs.map(([name]) => name));
  const values = `await ${IMPORT_NAME}(${module}, ${names})`;
  const pattern = `{ ${pairs.map(([name, local]) => `${JSON.stringify(name)}: ${local}`).join(", ")} }`;
  if (all === undefined) return `const ${pattern} = ${values}`;
  return `const ${all} = ${values}${pairs.length === 0 ? "" : `, ${pattern} = ${all}`}`;
}

/** Pairs of an exported name and the variable for it. */
function splitNames(list) {
  const names = list.match(/"(?:\\.|[^"])*"\s+as\s+[^\s,]+|'(?:\\.|[^'])*'\s+as\s+[^\s,]+|[^\s,][^,]*/g) ?? [];
  return names.map((name) => {
    const [, exported, local = exported] = /^("[^]*"|'[^]*'|\S+)(?:\s+as\s+(\S+))?\s*$/.exec(name);
    return [/^["']/.test(exported) ? exported.slice(1, -1) : exported, local];
  });
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
