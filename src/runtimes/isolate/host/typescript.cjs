/**
 * TypeScript as JavaScript: types are erased in place, so that lines and columns stay. A file with syntax that makes code, as
 * `enum`, is compiled, and has positions that lead back to its own. Both are Node's own, which has no public way to compile.
 */
const { transformSync } = require("internal/deps/amaro/dist/index");
const { Positions } = require("./positions.cjs");

/** What Node and Deno mean by a class's fields and by imports: only those of `import type` are erased. */
const COMPILED = {
  verbatimModuleSyntax: true,
  nativeClassProperties: true,
  noEmptyExport: true,
  importNotUsedAsValues: "preserve",
};

let hasFailed = false;

/** Whether a text has broken the compiler: it reads none after that. */
exports.isBroken = () => hasFailed;

/**
 * The JavaScript of a text, and where its parts stood; without positions, they are where they were.
 *
 * @throws {SyntaxError} with the place in the text
 */
exports.toJavaScript = function toJavaScript(text, url) {
  const erased = transform(text, { url, mode: "strip-only" });
  if (erased !== undefined) return { code: erased.code, positions: undefined };
  const { code, map } = transform(text, { url, mode: "transform", sourceMap: true, transform: COMPILED });
  return { code, positions: new Positions(JSON.parse(map).mappings) };
};

/** Undefined where types cannot be erased in place. @throws {SyntaxError} */
function transform(text, { url, ...options }) {
  try {
    return transformSync(text, { ...options, filename: url });
  } catch (error) {
    const { code, message, startColumn, startLine } = error;
    if (code === "UnsupportedSyntax" && options.mode === "strip-only") return undefined;
    if (code !== undefined) throw placed(new SyntaxError(message), `${url}:${startLine}:${startColumn + 1}`);
    hasFailed = true; // Its stack was full, which it never empties.
    throw placed(new SyntaxError("This file is nested too deeply for TypeScript"), url);
  }
}

/** Gives an error the place in a program's text as its stack. */
function placed(error, place) {
  error.stack = `${error}\n    at ${place}`;
  return error;
}
