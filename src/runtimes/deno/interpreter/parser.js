import source from "acorn" with { type: "text" };

const { Array, BigInt, Error, Function, Math, Object, RegExp, String, Symbol, SyntaxError } = globalThis;
/** What the parser uses, as it was before any cell declared the same name. */
const GLOBALS = { Array, BigInt, Error, Math, Object, RegExp, String, Symbol, SyntaxError };
const OPTIONS = {
  ecmaVersion: "latest",
  sourceType: "script",
  allowAwaitOutsideFunction: true,
  allowImportExportEverywhere: true,
};
let CellParser;

/**
 * The syntax tree of a cell, in which `import` may stand. The parser is made when it is asked for first: as a module of
 * its own it would cost every context's start 15 ms.
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
    /** In a cell as in a module. */
    get allowUsing() {
      return true;
    }
  };
}

/** Calls `visit` with each node below one, its parent, and whether `var` would belong to a function there. */
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

/** The variables that a pattern binds, or assigns to; a member of something is none. */
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

/** What `const a = 1, { b } = c` and its like name. */
export function namesOf({ declarations }) {
  return declarations.flatMap(({ id }) => targetsOf(id)).map(({ name }) => name);
}

/** What a statement of a cell names that can only be declared once there. */
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
