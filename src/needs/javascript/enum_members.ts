import type { SyntaxNode, Tree } from "@lezer/common";
import { isShorthand, keyOf, nextOf, operatorOf, partsOf, previousOf, textOf } from "./nodes.ts";

/** The kind of a member's value. An expression of any other form may give an object. */
type Kind = "number" | "text";

/** Nodes in which an enum is only read. They are types and lists of exports. */
const READING = new Set(["TypeofType", "ExportGroup"]);
/** Functions that only read the object that they get. */
const READERS = /^Object\s*\.\s*(?:keys|values|entries)$/;
/** Nodes whose parts are assigned to. */
const TARGETS = /Pattern|^For(?:Of|In)Spec$|^PostfixExpression$/;

/**
 * Finds the members of a file's enums that are certainly text or numbers. An enum counts that is declared once, and of
 * which the file does no more than read members and list them.
 */
export class EnumMembers {
  readonly #text: string;
  readonly #enums = new Map<string, ReadonlyMap<string, Kind>>();

  constructor(text: string, tree: Tree) {
    this.#text = text;
    const declared = new Set<string>();
    const others = new Set<string>();
    tree.iterate({
      enter: ({ name, node }) => {
        if (name === "EnumDeclaration" && node.parent?.name !== "AmbientDeclaration") this.#declare(node);
        if (name === "VariableDefinition" || name === "TypeDefinition") {
          const own = this.#textOf(node);
          if (declared.has(own)) others.add(own);
          declared.add(own);
        }
        const isHandedOn = name === "VariableName" && !this.#isRead(node) ||
          name === "PropertyDefinition" && isShorthand(node);
        if (isHandedOn) others.add(this.#textOf(node));
      },
    });
    for (const name of others) this.#enums.delete(name);
  }

  /** Whether an expression is a member that is a number: `Size.Small`. */
  isNumber(expression: SyntaxNode): boolean {
    return this.#kindOf(expression) === "number";
  }

  /** Whether an expression is a member, or the name of one by its number: `Size[Size.Small]`. */
  isPlain(expression: SyntaxNode): boolean {
    if (this.#kindOf(expression) !== undefined) return true;
    const key = expression.name === "MemberExpression" ? keyOf(expression) : null;
    if (key === null || !this.#enums.has(this.#textOf(expression.firstChild))) return false;
    return key.name === "Number" || this.isNumber(key);
  }

  #kindOf(expression: SyntaxNode): Kind | undefined {
    if (expression.name !== "MemberExpression" || expression.firstChild?.name !== "VariableName") return undefined;
    const property = expression.getChild("PropertyName");
    return this.#enums.get(this.#textOf(expression.firstChild))?.get(this.#textOf(property));
  }

  #declare(declaration: SyntaxNode): void {
    const members = new Map<string, Kind>();
    let before: Kind | undefined = "number"; // A member without a value is one more than that before it.
    for (const part of partsOf(declaration.getChild("EnumBody"))) {
      if (part.name !== "PropertyName") continue;
      const equals = nextOf(part);
      const kind: Kind | undefined = equals?.name === "Equals"
        ? this.#kindOfValue(nextOf(equals))
        : before === "number"
        ? before
        : undefined;
      if (kind !== undefined) members.set(this.#textOf(part), kind);
      before = kind;
    }
    this.#enums.set(this.#textOf(declaration.getChild("TypeDefinition")), members);
  }

  #kindOfValue(value: SyntaxNode | null): Kind | undefined {
    switch (value?.name) {
      case "Number":
        return "number";
      case "String":
      case "TemplateString":
        return "text";
      case "UnaryExpression":
        return /^[-+~]$/.test(this.#textOf(value.firstChild)) ? "number" : undefined;
      case "BinaryExpression":
        if (!/^(?:Arith|Bit)Op$/.test(operatorOf(value)?.name ?? "")) return undefined;
        return this.#textOf(operatorOf(value)) === "+" ? "text" : "number";
      default:
        return undefined;
    }
  }

  /** Whether the use of a name changes nothing of an enum. */
  #isRead(node: SyntaxNode): boolean {
    const { parent } = node;
    if (parent === null) return false;
    if (parent.name === "MemberExpression" && previousOf(node) === null) return !this.#isChanged(parent);
    if (parent.name === "ArgList") return READERS.test(this.#textOf(parent.parent?.firstChild));
    return READING.has(parent.name) || (parent.name === "ForInSpec" && previousOf(node)?.name === "in");
  }

  #isChanged(member: SyntaxNode): boolean {
    const { parent } = member;
    if (parent === null || TARGETS.test(parent.name)) return true;
    if (parent.name === "UnaryExpression") return /^(?:\+\+|--|delete)/.test(this.#textOf(parent.firstChild));
    return parent.name === "AssignmentExpression" && previousOf(member) === null;
  }

  #textOf(node: SyntaxNode | null | undefined): string {
    return textOf(this.#text, node);
  }
}
