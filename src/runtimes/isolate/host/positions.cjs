/** Positions in a text that was compiled, from the mappings of its source map (ECMA-426). */
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const [CONTINUES, DIGIT_BITS] = [32, 5];

/** The former positions of the parts of a compiled text. They are read at the first question. */
exports.Positions = class Positions {
  #mappings;
  #lines;

  constructor(mappings) {
    this.#mappings = mappings;
  }

  /**
   * The position of a part in the original; lines and columns begin with 1. Undefined where no part begins before it.
   */
  originalOf(line, column) {
    this.#lines ??= readLines(this.#mappings);
    for (let at = Math.min(line, this.#lines.length) - 1; at >= 0; at--) {
      const parts = this.#lines[at];
      const found = at === line - 1 ? parts.findLast((part) => part.column < column) : parts.at(-1);
      if (found !== undefined) return { line: found.originalLine + 1, column: found.originalColumn + 1 };
    }
    return undefined;
  }
};

/** The parts of each line, from 0. */
function readLines(mappings) {
  let [originalLine, originalColumn] = [0, 0];
  return mappings.split(";").map((line) => {
    let column = 0;
    return line.split(",").filter((text) => text !== "").flatMap((text) => {
      const [byColumns, , byLines, byOriginalColumns] = readNumbers(text);
      column += byColumns;
      if (byLines === undefined) return []; // The part has no former position.
      originalLine += byLines;
      originalColumn += byOriginalColumns;
      return [{ column, originalLine, originalColumn }];
    });
  });
}

/** Numbers in base 64, the lowest digits first. The lowest bit of each number is its sign. */
function readNumbers(text) {
  const numbers = [];
  let [value, shift] = [0, 0];
  for (const letter of text) {
    const digit = DIGITS.indexOf(letter);
    value += (digit % CONTINUES) << shift;
    shift += DIGIT_BITS;
    if (digit >= CONTINUES) continue;
    numbers.push(value % 2 === 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

/**
 * The positions in all files of a program that were compiled, by their URLs.
 *
 * @param made the isolate, which gets `originalOf` with the first compiled file
 */
exports.makeOriginals = function makeOriginals(made) {
  const compiled = new Map();
  const originalOf = (url, line, column) => {
    const original = compiled.get(url)?.originalOf(+line, +column) ?? { line, column };
    return `${original.line}:${original.column}`;
  };
  const addCompiled = (url, positions) => {
    if (compiled.size === 0) made.nameOriginals(originalOf);
    compiled.set(url, positions);
  };
  return { addCompiled, originalOf };
};
