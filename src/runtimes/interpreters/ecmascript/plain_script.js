/**
 * Makes scripts for an engine without a mode for consoles. In such an engine `let` declares once, and nothing is
 * awaited outside of a function.
 */
import { VAR_NAME } from "./declarations.js";
import { applyEdits } from "./edits.js";
import { lexicalNames, parseCell, walk } from "./parser.js";

const { Set, SyntaxError } = globalThis;
const VALUE_NAME = "$cell$value";
/** Begins a script that awaits. The value is a parameter, as directives come before all else. */
const HEAD = `(async(${VALUE_NAME})=>{`;
/** A script without these words declares and awaits nothing. */
const MAY_DECLARE_OR_AWAIT = /\b(?:let|class|await)\b/;

/**
 * Turns declarations of variables into assignments, and a script that awaits into an asynchronous function. Line
 * numbers stay the same, and columns where one statement stands in a line.
 *
 * @returns `names` of the variables to declare before; `script`, and the column of its first character (`columnOffset`);
 *   and whether its value is a function to call, for a promise of an array with the value (`isAsync`)
 */
export function toPlainScript(source) {
  const same = { columnOffset: 0, isAsync: false, names: [], script: source };
  if (!MAY_DECLARE_OR_AWAIT.test(source)) return same;
  const program = parse(source);
  if (program === undefined) return same; // The engine decides.
  let isAsync = false;
  walk(program, (node, _parent, isInFunction) => isAsync ||= !isInFunction && awaits(node));
  const { body } = program;
  const last = isAsync ? body.findLastIndex(setsValue) : -1;
  const edits = body.flatMap((statement, at) => {
    const before = body[at - 1]?.end ?? 0;
    return at === last ? valueEdits(source, statement, before) : declarationEdits(statement, before);
  });
  const names = [...new Set(body.flatMap(lexicalNames))];
  const before = edits.find(({ end }) => end === 0)?.text.length ?? 0;
  const script = applyEdits(source, edits);
  if (!isAsync) return { columnOffset: 0 - before, isAsync, names, script };
  return { columnOffset: -HEAD.length - before, isAsync, names, script: `${HEAD}${script}\n;return ${VALUE_NAME}})` };
}

/** @throws {SyntaxError} in the parser's words where the engine would only say that nothing is awaited in a script */
function parse(source) {
  try {
    return parseCell(source);
  } catch (error) {
    if (!/\bawait\b/.test(source)) return undefined;
    if (!(error instanceof SyntaxError)) throw error; // Its code is too deep for the parser.
    const fault = new SyntaxError(error.message.replace(/ \(\d+:\d+\)$/, ""));
    fault.stack = `${fault}`;
    throw fault;
  }
}

function awaits({ await: isAwaited, kind, type }) {
  return type === "AwaitExpression" || (type === "ForOfStatement" && isAwaited) || kind === "await using";
}

/** Whether a statement sets the value of its script. */
function setsValue(statement) {
  const { type } = statement;
  return type === "BlockStatement"
    ? expressionsOf(statement).length > 0
    : !/Declaration$|^(?:Empty|Debugger)/.test(type);
}

/**
 * Makes a declaration an assignment without a value. It begins at the end of the statement before. Behind a comma, the
 * engine knows the place of an expression, for its errors.
 */
function declarationEdits({ declarations, end, id, kind, start, type }, before) {
  const begin = { start: before, end: before, text: `${before === 0 ? "" : ";"}var ${VAR_NAME}=(0,` };
  if (type === "ClassDeclaration") {
    return [{ ...begin, text: `${begin.text}${id.name}=` }, { start: end, end, text: ");" }];
  }
  if (type !== "VariableDeclaration" || kind === "var") return [];
  const close = declarations.at(-1).end;
  return [
    begin,
    { start, end: start + "let".length, text: "   " },
    ...declarations.filter(({ init }) => init === null).map(({ end }) => ({ start: end, end, text: "=void 0" })),
    { start: close, end: close, text: ");" }, // The next line may begin with a parenthesis.
  ];
}

/**
 * Keeps the value of a statement: that of the last expression to run in it. For an expression, this begins at the end of
 * the statement before.
 */
function valueEdits(source, statement, before) {
  return expressionsOf(statement).flatMap((inner) => {
    const { end } = inner;
    const [start, head] = inner === statement ? [before, before === 0 ? "" : ";"] : [inner.start, ""];
    const close = source[end - 1] === ";" ? end - 1 : end;
    return [{ start, end: start, text: `${head}${VALUE_NAME}=[(0,` }, { start: close, end: close, text: ")]" }];
  });
}

/** The statements in a statement, or itself, that are expressions. */
function expressionsOf(statement) {
  if (statement === undefined || statement === null || /Declaration$/.test(statement.type)) return [];
  const { alternate, block, body, cases, consequent, directive, handler, type } = statement;
  if (type === "ExpressionStatement") return directive === undefined ? [statement] : [];
  return [alternate, block, body, cases, consequent, handler].flat().flatMap(expressionsOf);
}
