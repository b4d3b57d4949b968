/**
 * Replaces `import()` in the text of a module, which an isolate lacks. Each becomes the call of a function whose name
 * is as long. The first program with such a call loads the parser, Node's own, which takes 10 ms.
 */

/** Matches most modules with such a call, and few others. */
const MAY_CALL = /\bimport\s*(?:\(|\/[/*])/;
const IMPORT = "import";
/** Names as long as `import`, of which one is not in the text. */
const NAMES = Array.from({ length: 100 }, (_, index) => `$imp${String(index).padStart(2, "0")}`);

/** The specifier of the module that has the function. */
exports.HELPER = "codebeaker:import";

/** The text of that module, of which each file has one of its own. */
exports.HELPER_TEXT = "let own; export const give = (one) => { own = one; }; export const load = (name) => own(name);";

/** Calls the function in place of `import()`: every line and column stays. A text that cannot be read stays as it is. */
exports.callImports = function callImports(code) {
  if (!MAY_CALL.test(code)) return code;
  const name = NAMES.find((one) => !code.includes(one));
  const starts = name === undefined ? [] : startsOf(code);
  if (starts.length === 0) return code;
  let text = "";
  let from = 0;
  for (const start of starts) {
    text += code.slice(from, start) + name;
    from = start + IMPORT.length;
  }
  return `${text}${code.slice(from)}\n;import { load as ${name} } from "${exports.HELPER}";`;
};

/**
 * Gives the nodes of a module to functions, by the types of the nodes.
 *
 * @param options.locations whether the nodes have lines and columns
 * @throws {SyntaxError} where the text cannot be read
 */
exports.visitNodes = function visitNodes(code, visitors, { locations = false } = {}) {
  const { parse } = require("internal/deps/acorn/acorn/dist/acorn");
  const { simple } = require("internal/deps/acorn/acorn-walk/dist/walk");
  const tree = parse(code, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true, locations });
  simple(tree, visitors);
};

/** Where each call begins, in their order. */
function startsOf(code) {
  const starts = [];
  try {
    exports.visitNodes(code, { ImportExpression: ({ start }) => starts.push(start) });
  } catch {
    return []; // V8 reports the fault, or knows more of the language.
  }
  return starts.toSorted((a, b) => a - b);
}
