/**
 * Makes scripts for an engine without a mode for consoles. In such an engine `let` declares once, and nothing is
 * awaited outside of a function.
 */
import { VAR_NAME } from "./declarations.js";
import { applyEdits } from "./edits.js";
import { lexicalNames, parseCell, walk } from "./parser.js";

const { Set } = globalThis;
const VALUE_NAME = "$cell$value";
/** A script without these words declares and awaits nothing. */
const MAY_DECLARE_OR_AWAIT = /\b(?:let|class|await)\b/;

/**
 * Turns declarations of variables into assignments, and a script that awaits into an asynchronous function. Line
 * numbers stay the same.
 *
 * @returns `names` of the variables to declare before; `script`; and whether its value is a promise of an array with
 *   the value (`isAsync`)
 */
export function toPlainScript(source) {
  if (!MAY_DECLARE_OR_AWAIT.test(source)) return { isAsync: false, names: [], script: source };
  const program = parse(source);
  if (program === undefined) return { isAsync: false, names: [], script: source }; // The engine decides.
  let isAsync = false;
  walk(program, (node, _parent, isInFunction) => {
    isAsync ||= !isInFunction && (node.type === "AwaitExpression" || (node.type === "ForOfStatement" && node.await));
  });
  const edits = program.body.flatMap(declarationEdits);
  const names = [...new Set(program.body.flatMap(lexicalNames))];
  if (!isAsync) return { isAsync, names, script: applyEdits(source, edits) };
  const last = program.body.findLast(({ type }) => type === "ExpressionStatement");
  if (last !== undefined) edits.push(...valueEdits(source, last));
  const body = applyEdits(source, edits);
  return { isAsync, names, script: `(async()=>{let ${VALUE_NAME};${body}\n;return ${VALUE_NAME}})()` };
}

function parse(source) {
  try {
    return parseCell(source);
  } catch {
    return undefined;
  }
}

function declarationEdits({ declarations, end, id, start, type }) {
  if (type === "ClassDeclaration") {
    return [{ start, end: start, text: `var ${VAR_NAME}=${id.name}=` }, { start: end, end, text: ";" }];
  }
  if (type !== "VariableDeclaration") return [];
  return [
    { start, end: start + "let".length, text: "var" },
    ...declarations.filter(({ id }) => id.name !== VAR_NAME).flatMap((declared) => [
      { start: declared.start, end: declared.start, text: `${VAR_NAME}=` },
      ...(declared.init === null ? [{ start: declared.end, end: declared.end, text: "=void 0" }] : []),
    ]),
  ];
}

/** Keeps the value of a statement. */
function valueEdits(source, { end, start }) {
  const close = source[end - 1] === ";" ? end - 1 : end;
  return [{ start, end: start, text: `${VALUE_NAME}=[(` }, { start: close, end: close, text: ")]" }];
}
