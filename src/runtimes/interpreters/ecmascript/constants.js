import { lexicalNames, namesOf, targetsOf, walk } from "./parser.js";

const { Set } = globalThis;
/** The object to which assignments to constants are redirected. It throws. */
export const CONST_NAME = "$cell$const";

/** Redirects assignments to the cell's own constants. It leaves names that the cell also declares otherwise. */
export function constantEdits(program) {
  const constants = new Set(program.body.filter(isConstant).flatMap(lexicalNames));
  if (constants.size === 0) return [];
  const targets = [];
  walk(program, (node) => {
    const declaresConstants = node.type === "VariableDeclaration" && program.body.includes(node);
    for (const name of declaresConstants ? [] : boundBy(node)) constants.delete(name);
    targets.push(...assignedBy(node));
  });
  return targets.filter(({ name }) => constants.has(name)).map(({ isShorthand, name, start }) => ({
    start,
    end: start + name.length,
    text: `${isShorthand ? `${name}: ` : ""}${CONST_NAME}.${name}`,
  }));
}

/** The variables that an expression, or the head of a loop, assigns to. */
export function assignedBy({ argument, left, type }) {
  switch (type) {
    case "AssignmentExpression":
    case "ForInStatement":
    case "ForOfStatement":
      return targetsOf(left);
    case "UpdateExpression":
      return targetsOf(argument);
    default:
      return [];
  }
}

function isConstant({ kind, type }) {
  return type === "ImportDeclaration" || (type === "VariableDeclaration" && kind !== "let" && kind !== "var");
}

/** The names that a node binds in a part of the cell. */
function boundBy(node) {
  const own = /^(?:Function|Class)/.test(node.type) ? targetsOf(node.id) : [];
  const all = [...own, ...(node.params ?? []).flatMap(targetsOf), ...targetsOf(node.param)];
  return [...all.map(({ name }) => name), ...(node.type === "VariableDeclaration" ? namesOf(node) : [])];
}
