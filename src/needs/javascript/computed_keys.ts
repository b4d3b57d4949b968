import type { SyntaxNode } from "@lezer/common";
import { nextOf, operatorOf, previousOf, textOf } from "./nodes.ts";
import type { NumberNames } from "./number_names.ts";

/** Expressions around one that are judged. */
const MAX_DEPTH = 32;
/** Properties of a function that return it, or call it. */
const SELVES = new Set(["call", "apply", "bind", "valueOf"]);
/** Words of a text that may give every value further properties. */
const EXTENDS_VALUES = /prototype|__proto__|defineProperty/i;
/** Nodes that drop a value, test it, or take it as text or a number. */
const PLAIN_USES = new Set(["ExpressionStatement", "UnaryExpression", "ForSpec", "ForOfSpec", "ForInSpec"]);
/** Nodes whose value is that of a node in them. */
const PASSING = new Set(["AwaitExpression", "SequenceExpression"]);
const CONDITIONAL = new Set(["IfStatement", "WhileStatement", "DoStatement", "SwitchStatement"]);
/** Functions, and objects whose functions, take their arguments as text or numbers. */
const PLAIN_CALLEES = new Set([
  ...["String", "Number", "Boolean", "BigInt", "parseInt", "parseFloat"],
  ...["isNaN", "isFinite", "Math", "JSON", "console"],
]);

/**
 * Judges properties that are read by a computed key. Such a property may be the constructor of functions, which makes
 * code of text. It makes none where the key is a number, or where the value is only printed, compared, calculated with or
 * replaced.
 */
export class ComputedKeys {
  readonly #text: string;
  readonly #numbers: NumberNames;
  readonly #extendsValues: boolean;

  constructor(text: string, numbers: NumberNames) {
    this.#text = text;
    this.#numbers = numbers;
    this.#extendsValues = EXTENDS_VALUES.test(text);
  }

  /** Whether a computed key certainly names no property of a function. */
  isHonest(key: SyntaxNode | null | undefined): boolean {
    if (key === null || key === undefined) return false;
    return key.name === "String" ? !this.#textOf(key).includes("\\") : this.#numbers.isNumber(key);
  }

  /** Whether the use of a value can call no function. */
  isPlainUse(value: SyntaxNode, depth = 0): boolean {
    const { parent } = value;
    const previous = previousOf(value);
    if (parent === null || depth > MAX_DEPTH) return false;
    if (PLAIN_USES.has(parent.name) || previous?.name === "Spread") return true;
    const isFirst = previous === null;
    switch (parent.name) {
      case "ParenthesizedExpression":
        return CONDITIONAL.has(parent.parent?.name ?? "") || this.isPlainUse(parent, depth + 1);
      case "BinaryExpression":
        return !/^(?:LogicOp|as|satisfies)$/.test(operatorOf(parent)?.name ?? "") ||
          this.isPlainUse(parent, depth + 1);
      case "PostfixExpression":
        return parent.lastChild?.name === "ArithOp" || this.isPlainUse(parent, depth + 1);
      case "ConditionalExpression":
        return isFirst || this.isPlainUse(parent, depth + 1);
      case "AssignmentExpression":
        return isFirst &&
          (!/^(?:\?\?|&&|\|\|)=/.test(this.#textOf(nextOf(value))) || this.isPlainUse(parent, depth + 1));
      case "Interpolation":
        return parent.parent?.parent?.name !== "TaggedTemplateExpression";
      case "VariableDeclaration":
        return previousOf(previous)?.name === "ArrayPattern"; // It is iterated over, which no function can be.
      case "MemberExpression":
        return isFirst && this.#isHonestMember(parent);
      case "ArgList":
        return parent.parent?.name === "CallExpression" && previous?.name === "(" &&
          this.#isPlainCallee(parent.parent.firstChild); // A further argument of some is a function.
      default:
        return PASSING.has(parent.name) && this.isPlainUse(parent, depth + 1);
    }
  }

  /** Whether a property of a function is no function that runs code. A computed one is judged by itself. */
  #isHonestMember(member: SyntaxNode): boolean {
    const key = member.getChild("[") === null ? member.lastChild : member.getChild("String");
    const name = this.#textOf(key).replaceAll(/["']/g, "");
    return !this.#extendsValues && !SELVES.has(name);
  }

  #isPlainCallee(callee: SyntaxNode | null): boolean {
    const named = callee?.name === "MemberExpression" ? callee.firstChild : callee;
    if (named?.name !== "VariableName" || callee?.getChild("[")) return false;
    const name = this.#textOf(named);
    return PLAIN_CALLEES.has(name) && !this.#numbers.isChanged(name);
  }

  #textOf(node: SyntaxNode | null | undefined): string {
    return textOf(this.#text, node);
  }
}
