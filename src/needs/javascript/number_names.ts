import type { SyntaxNode, Tree } from "@lezer/common";
import type { EnumMembers } from "./enum_members.ts";
import { nextOf, operatorOf, previousOf, textOf } from "./nodes.ts";

/** Most rounds in which names are judged until nothing changes. Names in longer chains are no numbers. */
const MAX_ROUNDS = 8;
/** Expressions within one that are judged. */
const MAX_DEPTH = 32;
/** Functions whose value is a number or a boolean; those of `Math` are too. */
const NUMBER_FUNCTIONS = new Set(["Number", "Boolean", "parseInt", "parseFloat"]);
/** Nodes whose first child is assigned to in other ways than by an expression. */
const OTHER_TARGETS = /Pattern|^For(?:Of|In)Spec$/;
const LITERALS = new Set(["Number", "BooleanLiteral"]);

/** Finds the names of a file that are only ever numbers, booleans or undefined. */
export class NumberNames {
  readonly #text: string;
  /** The expressions that are assigned to each name. */
  readonly #values = new Map<string, SyntaxNode[]>();
  /** Names whose value is not known: parts of patterns, parameters, imports, functions and others. */
  readonly #others = new Set<string>();
  /** Names that are declared or assigned to, whole or in part. */
  readonly #changed = new Set<string>();
  readonly #enums: Pick<EnumMembers, "isNumber">;
  #names: ReadonlySet<string>;

  constructor(text: string, tree: Tree, enums: Pick<EnumMembers, "isNumber">) {
    this.#text = text;
    this.#enums = enums;
    tree.iterate({
      enter: ({ name, node }) => {
        if (name === "VariableDefinition" || name === "TypeDefinition") this.#define(node);
        if (name === "VariableName") this.#enterName(node);
        if (name === "AssignmentExpression") this.#enterTarget(node.firstChild);
      },
    });
    this.#names = new Set([...this.#values.keys()].filter((name) => !this.#others.has(name)));
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const left = new Set(
        [...this.#names].filter((name) => this.#values.get(name)?.every((one) => this.isNumber(one))),
      );
      if (left.size === this.#names.size) return;
      this.#names = left;
    }
    this.#names = new Set();
  }

  /** Whether a name that the language brings may be another thing in the file. */
  isChanged(name: string): boolean {
    return this.#changed.has(name);
  }

  /** Whether the value of an expression is certainly a number, a boolean or undefined. */
  isNumber(expression: SyntaxNode | null | undefined, depth = 0): boolean {
    if (expression === null || expression === undefined || depth > MAX_DEPTH) return false;
    const { firstChild, lastChild, name } = expression;
    const operator = operatorOf(expression);
    switch (name) {
      case "VariableName":
        return this.#names.has(this.#textOf(expression));
      case "UnaryExpression":
        return this.#textOf(firstChild) !== "typeof";
      case "PostfixExpression":
        return lastChild?.name === "ArithOp";
      case "ParenthesizedExpression":
        return this.isNumber(operator, depth + 1);
      case "BinaryExpression":
        if (/^(?:as|satisfies)$/.test(operator?.name ?? "")) return false;
        if (operator?.name !== "LogicOp" && this.#textOf(operator) !== "+") return true;
        return this.isNumber(firstChild, depth + 1) && this.isNumber(lastChild, depth + 1);
      case "ConditionalExpression":
        return this.isNumber(nextOf(operator), depth + 1) && this.isNumber(lastChild, depth + 1);
      case "CallExpression":
        return this.#isNumberFunction(firstChild);
      case "MemberExpression":
        return this.#enums.isNumber(expression);
      default:
        return LITERALS.has(name);
    }
  }

  #isNumberFunction(callee: SyntaxNode | null): boolean {
    const isMember = callee?.name === "MemberExpression" && callee.lastChild?.name === "PropertyName";
    const name = this.#textOf(isMember ? callee?.firstChild : callee);
    return (isMember ? name === "Math" : NUMBER_FUNCTIONS.has(name)) && !this.#changed.has(name);
  }

  #define(node: SyntaxNode): void {
    const name = this.#textOf(node);
    this.#changed.add(name);
    if (node.parent?.name !== "VariableDeclaration" || /^Ambient/.test(node.parent.parent?.name ?? "")) {
      return void this.#others.add(name);
    }
    let next = nextOf(node);
    if (next?.name === "TypeAnnotation") next = nextOf(next);
    if (next?.name === "Equals") this.#assign(name, nextOf(next));
    else this.#values.set(name, this.#values.get(name) ?? []); // It is undefined.
  }

  /** A target that is not just a name: `(name) = value`. */
  #enterTarget(target: SyntaxNode | null): void {
    if (target === null || target.name === "VariableName" || target.name === "MemberExpression") return;
    for (const [name] of this.#textOf(target).matchAll(/[\w$]+/g)) {
      this.#others.add(name);
      this.#changed.add(name);
    }
  }

  #enterName(node: SyntaxNode): void {
    const { parent } = node;
    const previous = previousOf(node);
    const name = this.#textOf(node);
    if (parent === null || (previous !== null && !OTHER_TARGETS.test(parent.name))) return;
    if (OTHER_TARGETS.test(parent.name)) return void this.#others.add(name);
    if (parent.name === "MemberExpression" && /^(?:Assignment|Postfix)/.test(parent.parent?.name ?? "")) {
      if (previousOf(parent) === null) this.#changed.add(name);
    }
    if (parent.name !== "AssignmentExpression") return;
    this.#changed.add(name);
    const operator = nextOf(node);
    if (/^(?:\+|\?\?|&&|\|\|)?=$/.test(this.#textOf(operator))) this.#assign(name, nextOf(operator));
  }

  #assign(name: string, value: SyntaxNode | null | undefined): void {
    if (value === null || value === undefined) return void this.#others.add(name);
    const known = this.#values.get(name);
    if (known === undefined) this.#values.set(name, [value]);
    else known.push(value);
  }

  #textOf(node: SyntaxNode | null | undefined): string {
    return textOf(this.#text, node);
  }
}
