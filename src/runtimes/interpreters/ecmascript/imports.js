import { walk } from "./parser.js";
import { toText } from "./reports.js";

const { Set } = globalThis;
/** The names that replace `import()` and `import.meta` in a script. */
export const IMPORT_NAME = "$cell$import";
/** See {@link IMPORT_NAME}. */
export const META_NAME = "$cell$meta";

/** Rewrites imports for a script: the imported names become its variables. */
export function importEdits(source, program, { isTyped }) {
  const edits = [];
  const used = new Set();
  walk(program, (node, parent) => {
    if (node.type === "Identifier" && !/^Import.*Specifier$/.test(parent.type)) used.add(node.name);
    const { start, end, type } = node;
    if (type === "ImportExpression") edits.push({ start, end: start + "import".length, text: IMPORT_NAME });
    if (type === "MetaProperty" && node.meta.name === "import") edits.push({ start, end, text: META_NAME });
  });
  const isNeeded = ({ local }) => !isTyped || used.has(local.name) || !/^\p{Lu}/u.test(local.name);
  for (const node of program.body) {
    if (node.type !== "ImportDeclaration") continue;
    const lines = "\n".repeat(source.slice(node.start, node.end).split("\n").length - 1);
    edits.push({ start: node.start, end: node.end, text: `${toDeclaration(node, isNeeded)};${lines}` });
  }
  return edits;
}

/**
 * Rewrites the names of an import as a declaration of the same variables. The names are `name, { a, b as c }` or `name,
 * * as all`. A name that is not used may be a type, which the module does not export.
 */
function toDeclaration({ attributes, source, specifiers }, isNeeded) {
  const pairs = attributes.map(({ key, value }) => `${toText(key.name ?? key.value)}: ${value.raw}`);
  const module = `${source.raw}, ${pairs.length === 0 ? "undefined" : `{ with: { ${pairs.join(", ")} } }`}`;
  if (specifiers.length === 0) return `void await ${IMPORT_NAME}(${module})`;
  const all = specifiers.find(({ type }) => type === "ImportNamespaceSpecifier");
  const named = specifiers.filter((specifier) => specifier !== all);
  const needed = named.filter(isNeeded).map(nameOf);
  const values = `await ${IMPORT_NAME}(${module}, ${toText(needed)})`;
  const fields = named.map((specifier) => `${toText(nameOf(specifier))}: ${specifier.local.name}`);
  const pattern = `{ ${fields.join(", ")} }`;
  if (all === undefined) return `let ${pattern} = ${values}`;
  const { name } = all.local;
  return `let ${name} = ${values}${named.length === 0 ? "" : `, ${pattern} = ${name}`}`;
}

/** The name under which the module exports an imported variable. */
function nameOf({ imported }) {
  return imported === undefined ? "default" : imported.name ?? imported.value;
}
