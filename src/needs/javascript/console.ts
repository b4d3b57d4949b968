import type { SyntaxNode } from "@lezer/common";
import { operatorOf, partsOf, textOf } from "./nodes.ts";

/** Methods of `console` that print their arguments. */
const PRINTING = new Set([".log", ".info", ".debug", ".warn", ".error"]);
/** Methods that return text or a number. */
const PLAIN_METHODS = new Set([
  ...["join", "toFixed", "toPrecision", "toString", "toISOString", "toUpperCase", "toLowerCase", "trim", "padStart"],
  ...["padEnd", "repeat", "charAt", "charCodeAt", "indexOf", "stringify"],
]);
/** Properties that are numbers. */
const PLAIN_PROPERTIES = new Set(["length"]);
/** Functions whose value is text, a number or a boolean. */
const PLAIN_FUNCTIONS = new Set(["String", "Number", "Boolean", "parseInt", "parseFloat"]);
const PLAIN_NODES = new Set(["String", "TemplateString", "Number", "BooleanLiteral", "UnaryExpression"]);

/** A use of `console`. */
interface ConsoleUse {
  /** The node of `console`. */
  readonly name: SyntaxNode;
  /** The method that is used, with its dot. */
  readonly method: string;
  /** Whether a name is only ever a number, a boolean or undefined in the file. */
  isNumber(name: SyntaxNode): boolean;
  /** Whether an expression is a plain member of an enum, or the name of one. */
  isEnumMember(expression: SyntaxNode): boolean;
}

/**
 * Whether a use of `console` prints only text, numbers and booleans. These look the same on every runtime; objects do
 * not.
 */
export function printsPlainly(text: string, { isEnumMember, isNumber, method, name }: ConsoleUse): boolean {
  const call = name.parent?.parent;
  if (!PRINTING.has(method) || call?.name !== "CallExpression" || call.firstChild?.from !== name.from) return false;
  const args = partsOf(call.getChild("ArgList")).filter((part) => !/^[(),]$/.test(part.name));
  const [format, ...rest] = args;
  if (rest.length > 0 && format !== undefined && textOf(text, format).includes("%")) return false;
  return args.every((one) => one.name === "VariableName" ? isNumber(one) : isPlain(text, one) || isEnumMember(one));
}

/** Whether an expression is text, a number or a boolean, judged by its form. */
function isPlain(text: string, expression: SyntaxNode | null | undefined): boolean {
  if (expression === null || expression === undefined) return false;
  const { name, firstChild, lastChild } = expression;
  if (PLAIN_NODES.has(name)) return true;
  if (name === "BinaryExpression") return isPlainOperation(text, expression);
  if (name === "ParenthesizedExpression") return isPlain(text, operatorOf(expression));
  if (name === "MemberExpression") return isNamed(text, lastChild, PLAIN_PROPERTIES);
  if (name !== "CallExpression" || firstChild === null) return false;
  if (firstChild.name === "VariableName") return PLAIN_FUNCTIONS.has(textOf(text, firstChild));
  return firstChild.name === "MemberExpression" && isNamed(text, firstChild.lastChild, PLAIN_METHODS);
}

/**
 * Whether an operation returns text, a number or a boolean. All do but `&&`, `||` and `??`, which return an operand, and
 * `as` and `satisfies`, which return the first.
 */
function isPlainOperation(text: string, expression: SyntaxNode): boolean {
  const { firstChild, lastChild } = expression;
  const operator = operatorOf(expression)?.name;
  if (operator === "as" || operator === "satisfies") return isPlain(text, firstChild);
  return operator === "LogicOp" ? isPlain(text, firstChild) && isPlain(text, lastChild) : true;
}

function isNamed(text: string, property: SyntaxNode | null, names: ReadonlySet<string>): boolean {
  return property?.name === "PropertyName" && names.has(textOf(text, property));
}
