import type { SyntaxNode } from "@lezer/common";

/** Methods of `console` that print their arguments. */
const PRINTING = new Set([".log", ".info", ".debug", ".warn", ".error"]);
/** Methods and properties whose value is text or a number. */
const PLAIN_PROPERTIES = new Set([
  ...["length", "size", "join", "toFixed", "toPrecision", "toString", "toISOString", "toUpperCase", "toLowerCase"],
  ...["trim", "padStart", "padEnd", "repeat", "charAt", "charCodeAt", "indexOf", "stringify", "message"],
]);
/** Functions whose value is text, a number or a boolean. */
const PLAIN_FUNCTIONS = new Set(["String", "Number", "Boolean", "parseInt", "parseFloat"]);
const PLAIN_NODES = new Set(["String", "TemplateString", "Number", "BooleanLiteral", "UnaryExpression"]);

/**
 * Whether a use of `console` prints only text, numbers and booleans. These look the same on every runtime; objects do
 * not.
 *
 * @param name the node of `console`
 * @param method the method that is used, with its dot
 */
export function printsPlainly(
  text: string,
  { method, name }: { readonly method: string; readonly name: SyntaxNode },
): boolean {
  const call = name.parent?.parent;
  if (!PRINTING.has(method) || call?.name !== "CallExpression" || call.firstChild?.from !== name.from) return false;
  const list = call.getChild("ArgList");
  const args: SyntaxNode[] = [];
  for (let part = list?.firstChild ?? null; part !== null; part = part.nextSibling) {
    if (!/^[(),]$/.test(part.name)) args.push(part);
  }
  const [format, ...rest] = args;
  if (rest.length > 0 && format !== undefined && text.slice(format.from, format.to).includes("%")) return false;
  return args.every((one) => isPlain(text, one));
}

/** Whether an expression is text, a number or a boolean, judged by its form. */
function isPlain(text: string, expression: SyntaxNode | null | undefined): boolean {
  if (expression === null || expression === undefined) return false;
  const { name, firstChild, lastChild } = expression;
  if (PLAIN_NODES.has(name)) return true;
  if (name === "BinaryExpression") return isPlainOperation(text, expression);
  if (name === "ParenthesizedExpression") return isPlain(text, firstChild?.nextSibling);
  if (name === "MemberExpression") return lastChild?.name === "PropertyName" && isPlainProperty(text, lastChild);
  if (name !== "CallExpression" || firstChild === null) return false;
  if (firstChild.name === "VariableName") return PLAIN_FUNCTIONS.has(text.slice(firstChild.from, firstChild.to));
  return firstChild.name === "MemberExpression" && isPlain(text, firstChild);
}

/**
 * Whether an operation returns text, a number or a boolean. All do but `&&`, `||` and `??`, which return an operand.
 */
function isPlainOperation(text: string, { firstChild, lastChild }: SyntaxNode): boolean {
  const operator = firstChild?.nextSibling?.name;
  return operator === "LogicOp" ? isPlain(text, firstChild) && isPlain(text, lastChild) : true;
}

function isPlainProperty(text: string, { from, to }: SyntaxNode): boolean {
  return PLAIN_PROPERTIES.has(text.slice(from, to));
}
