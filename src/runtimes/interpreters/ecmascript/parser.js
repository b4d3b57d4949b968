import source from "acorn" with { type: "text" };

const { Array, BigInt, Error, Function, Math, Object, RegExp, String, Symbol, SyntaxError } = globalThis;
/** Built-ins that the parser uses, as they were before any cell declared the same names. */
const GLOBALS = { Array, BigInt, Error, Math, Object, RegExp, String, Symbol, SyntaxError };
const OPTIONS = {
  ecmaVersion: "latest",
  sourceType: "script",
  allowAwaitOutsideFunction: true,
  allowImportExportEverywhere: true,
};
let CellParser;

/**
 * The syntax tree of a cell, which may have imports. The parser is loaded at the first cell that needs it: as an imported
 * module it would cost every context's start 15 ms.
 *
 * @throws {SyntaxError} in the parser's words
 */
export function parseCell(code) {
  CellParser ??= makeParser();
  return CellParser.parse(code, OPTIONS);
}

function makeParser() {
  const body = `${source.slice(0, source.lastIndexOf("\nexport {"))}\nreturn Parser;`;
  const Parser = new Function(...Object.keys(GLOBALS), body)(...Object.values(GLOBALS));
  return class extends Parser {
    /** A cell may await as a module may. */
    get allowUsing() {
      return true;
    }
  };
}

/** Calls `visit` with each node below one, its parent, and whether a function holds it. */
export function walk(node, visit, isInFunction = false) {
  const isWithin = isInFunction || /Function|StaticBlock/.test(node.type);
  const take = (child) => {
    if (typeof child?.type !== "string") return;
    visit(child, node, isWithin);
    walk(child, visit, isWithin);
  };
  for (const field in node) {
    const value = node[field];
    if (Array.isArray(value)) value.forEach(take);
    else if (typeof value === "object") take(value);
  }
}

/** The variables that a pattern binds or assigns to; members of objects are none. */
export function targetsOf(pattern) {
  switch (pattern?.type) {
    case "Identifier":
      return [{ name: pattern.name, start: pattern.start, isShorthand: false }];
    case "ObjectPattern":
      return pattern.properties.flatMap(({ argument, shorthand = false, value = argument }) =>
        targetsOf(value).map((target) => ({ ...target, isShorthand: target.isShorthand || shorthand }))
      );
    case "ArrayPattern":
      return pattern.elements.flatMap(targetsOf);
    case "AssignmentPattern":
      return targetsOf(pattern.left);
    case "RestElement":
      return targetsOf(pattern.argument);
    default:
      return [];
  }
}

/** The names of `const a = 1, { b } = c` or another declaration. */
export function namesOf({ declarations }) {
  return declarations.flatMap(({ id }) => targetsOf(id)).map(({ name }) => name);
}

/** The names of a statement that can be declared only once in a cell. */
export function lexicalNames(node) {
  switch (node.type) {
    case "ImportDeclaration":
      return node.specifiers.map(({ local }) => local.name);
    case "ClassDeclaration":
      return [node.id.name];
    case "VariableDeclaration":
      return node.kind === "var" ? [] : namesOf(node);
    default:
      return [];
  }
}
