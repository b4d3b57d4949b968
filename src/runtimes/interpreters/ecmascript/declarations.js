import { assignedBy, constantEdits } from "./constants.js";
import { applyEdits, blank } from "./edits.js";
import { namesOf, walk } from "./parser.js";
import { toText } from "./reports.js";

const { Set } = globalThis;
/** The function that a script calls with each resource of a `using` declaration. */
export const USING_NAME = "$cell$using";
/** The variable that takes the value of a `var`, since its statement has none. */
export const VAR_NAME = "$cell$var";

/**
 * Rewrites the declarations of a cell with `let`, which alone can be declared again. Functions and the names of variables
 * go into a script that is evaluated before.
 *
 * @returns edits of the source, and `before`: names and functions; undefined where it is empty
 */
export function rewriteDeclarations(source, program, { cell, edits: others, fresh }) {
  const { assigned, shields, variables } = survey(program);
  const functions = program.body.filter(({ type }) => type === "FunctionDeclaration");
  const edits = [...others, ...constantEdits(program), ...shields, ...variables.flatMap(variableEdits)];
  edits.push(...program.body.flatMap((node) => lexicalEdits(node, { cell, source })));
  const directives = program.body.filter(({ directive }) => directive !== undefined);
  const text = functionsText(source, functions, { assigned, edits });
  edits.push(...functions.map(({ start, end }) => ({ start, end, text: `;${blank(source.slice(start + 1, end))}` })));
  const names = variables.flatMap(({ node }) => namesOf(node));
  const own = new Set([...functions.map(({ id }) => id.name), ...names.filter((name) => fresh.has(name))]);
  const before = {
    directives: directives.map(({ expression }) => `${expression.raw};`).join(""),
    fresh: [...own],
    functions: text,
    variables: [...new Set(names)].filter((name) => !own.has(name)),
  };
  const isEmpty = own.size + before.variables.length === 0;
  return { before: isEmpty ? undefined : before, edits };
}

/** Surveys declarations and assignments at every depth. */
function survey(program) {
  const [assigned, shields, variables] = [new Set(), [], []];
  walk(program, (node, parent, isInFunction) => {
    for (const { name } of assignedBy(node)) assigned.add(name);
    if (isInFunction) return;
    if (node.type === "VariableDeclaration" && node.kind === "var") variables.push({ node, parent });
    shields.push(...shieldEdits(node));
  });
  return { assigned, shields, variables };
}

/**
 * Keeps functions of blocks in their blocks, as in modules. A script would make such a function a variable of all cells,
 * unless a block around it declares a variable of the same name.
 */
function shieldEdits({ alternate, body, cases, consequent, end, start, type }) {
  switch (type) {
    case "BlockStatement":
      return shield(body, { start: start + 1, end: end - 1 });
    case "SwitchStatement":
      return shield(cases.flatMap((one) => one.consequent), { start, end });
    case "LabeledStatement":
      return shield([body], body);
    case "IfStatement":
      return [consequent, alternate].flatMap((branch) => branch === null ? [] : shield([branch], branch));
    default:
      return [];
  }
}

function shield(statements, { end, start }) {
  const functions = statements.filter((node) => node.type === "FunctionDeclaration" && !node.async && !node.generator);
  if (functions.length === 0) return [];
  const names = new Set(functions.map(({ id }) => id.name));
  return [{ start, end: start, text: `{let ${[...names].join()};{` }, { start: end, end, text: "}}" }];
}

/**
 * Turns `var a = 1, b` into assignments to variables that are declared before. As a statement, such an assignment has
 * no value.
 */
function variableEdits({ node, parent }) {
  if (/^For/.test(parent.type) && node !== parent.body) {
    return [{ start: node.start, end: node.start + "var".length, text: "   " }];
  }
  return node.declarations.map(({ start }) => ({ start, end: start, text: `${VAR_NAME}=` }));
}

function lexicalEdits(node, { cell, source }) {
  if (node.type !== "VariableDeclaration") return [];
  const { declarations, kind, start } = node;
  if (kind === "const") return [{ start, end: start + kind.length, text: "let  " }];
  if (!/using$/.test(kind)) return [];
  const call = `${USING_NAME}(${toText(cell)}, ${kind !== "using"}, `;
  const [{ start: end }] = declarations;
  return [
    { start, end, text: `let${blank(source.slice(start + "let".length, end))}` },
    ...declarations.flatMap(({ init }) => [
      { start: init.start, end: init.start, text: call },
      { start: init.end, end: init.end, text: ")" },
    ]),
  ];
}

/**
 * The functions alone, at their places, each assigned to its variable. A function whose variable is assigned to
 * elsewhere loses its name: inside the function the name would be a constant.
 */
function functionsText(source, functions, { assigned, edits }) {
  let [at, text] = [0, ""];
  for (const { end, id, start } of functions) {
    const [head, gap] = [`;${id.name}=`, blank(source.slice(at, start))];
    const nameless = { start: id.start, end: id.end, text: blank(id.name) };
    const all = assigned.has(id.name) ? [...edits, nameless] : edits;
    const replacesGap = gap.startsWith(" ".repeat(head.length));
    text += head + (replacesGap ? gap.slice(head.length) : gap) + applyEdits(source, all, { from: start, to: end });
    at = end;
  }
  return text;
}
