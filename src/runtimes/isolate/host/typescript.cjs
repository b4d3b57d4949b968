/**
 * TypeScript as JavaScript: types are erased in place, so that lines and columns stay. A file with syntax that makes
 * code, as `enum`, is compiled, and has positions that lead back to its own. Node does both, but has no public way to
 * compile. To load its compiler takes 50 ms and 12 MB: a process does so while it waits for a program, else the first
 * program with types does.
 */
const { Positions } = require("./positions.cjs");

/**
 * The meaning of a class's fields and of enums in Deno. An enum without `const` is an object, which the program may
 * change. Only imports of `import type` are erased, as in Node: Deno erases every one that no value uses.
 */
const COMPILED = {
  verbatimModuleSyntax: true,
  tsEnumIsMutable: true,
  nativeClassProperties: false,
  noEmptyExport: true,
  importNotUsedAsValues: "preserve",
};

/**
 * Matches most texts with types, and every text that is other JavaScript. There, a call with types is a comparison, and
 * `global` before a block no declaration.
 */
const MAY_HAVE_TYPES = new RegExp(
  [
    ...["<", /\bglobal\b/, /\)\s*(?::|\/[*/])/, /[(,]\s*\w+\??\s*:/, /\b(?:const|let|var)\s+\w+\s*:/],
    /\b(?:abstract|as|declare|enum|implements|interface|namespace|private|protected|public|readonly|satisfies|type)\s/,
  ].map((part) => part.source ?? part).join("|"),
);

let hasFailed = false;

/** Whether a text may have types. Without them, it is JavaScript; a text of that may seem to have types. */
exports.mayHaveTypes = (text) => MAY_HAVE_TYPES.test(text);

/** Whether a text has broken the compiler, which reads no text after that. */
exports.isBroken = () => hasFailed;

/**
 * The JavaScript of a text, and the former positions of its parts. Without positions, the parts are where they were.
 *
 * @throws {SyntaxError} with the place in the text
 */
exports.toJavaScript = function toJavaScript(text, url) {
  const erased = transform(text, { url, mode: "strip-only" });
  if (erased !== undefined) return { code: erased.code, positions: undefined };
  const { code, map } = transform(text, { url, mode: "transform", sourceMap: true, transform: COMPILED });
  return { code, positions: new Positions(JSON.parse(map).mappings) };
};

/** Loads the compiler. */
exports.loadCompiler = () => void transform("let a: number;", { mode: "strip-only" });

/** Calls the compiler; undefined where types cannot be erased in place. @throws {SyntaxError} */
function transform(text, { url, ...options }) {
  if (typeof WebAssembly === "undefined") throw new Error("No file with types runs here, as no machine code is made");
  const { transformSync } = require("internal/deps/amaro/dist/index");
  try {
    return transformSync(text, { ...options, filename: url });
  } catch (error) {
    const { code, message, startColumn, startLine } = error;
    if (code === "UnsupportedSyntax" && options.mode === "strip-only") return undefined;
    if (code !== undefined) throw placed(new SyntaxError(message), `${url}:${startLine}:${startColumn + 1}`);
    hasFailed = true; // The compiler's stack was full, and the compiler never empties it.
    throw placed(new SyntaxError("This file is nested too deeply for TypeScript"), url);
  }
}

/** Gives an error the place in a program's text as its stack. */
function placed(error, place) {
  error.stack = `${error}\n    at ${place}`;
  return error;
}
