/** Where a module imports what, for the errors of linking: V8 gives them no place. */
const { visitNodes } = require("./import_calls.cjs");
const { toJavaScript } = require("./typescript.cjs");

/**
 * Finds every import of a file, with `export … from` and `import()`.
 *
 * @param options.hasTypes whether the text may be TypeScript
 * @returns the specifier, the name of the export, whether it is a call, and the line and column, which begin with 1. The
 *   place of an import as a whole, which has no name, is its specifier's. Empty where the text cannot be read.
 */
exports.importsIn = function importsIn(text, { hasTypes }) {
  try {
    return readImports(text);
  } catch {
    return hasTypes ? importsOfTypescript(text) : [];
  }
};

function importsOfTypescript(text) {
  try {
    const { code, positions } = toJavaScript(text, "");
    return readImports(code).map((one) => ({ ...one, ...positions?.originalOf(one.line, one.column) }));
  } catch {
    return [];
  }
}

/** @throws {SyntaxError} */
function readImports(code) {
  const found = [];
  const add = (source, { isCall = false, name, node = source } = {}) => {
    if (source?.type !== "Literal") return;
    const { column, line } = node.loc.start;
    found.push({ specifier: source.value, name, isCall, line, column: column + 1 });
  };
  const addNamed = ({ source, specifiers = [] }) => {
    add(source);
    for (const { imported, local, type } of specifiers) {
      if (type === "ImportNamespaceSpecifier") continue; // It needs no export.
      const node = imported ?? local;
      add(source, { node, name: type === "ImportDefaultSpecifier" ? "default" : node.name ?? node.value });
    }
  };
  const visitors = {
    ImportDeclaration: addNamed,
    ExportNamedDeclaration: addNamed,
    ExportAllDeclaration: addNamed,
    ImportExpression: ({ source }) => add(source, { isCall: true }),
  };
  visitNodes(code, visitors, { locations: true });
  return found;
}
