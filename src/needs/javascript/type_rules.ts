import type { SyntaxNode, SyntaxNodeRef } from "@lezer/common";
import { partsOf } from "./nodes.ts";

/** Modifiers of a member of a class, in the order of their nodes. */
const MODIFIERS = new Set([
  ...["Privacy", "static", "override", "readonly", "abstract", "declare", "async", "get", "set", "Star", "accessor"],
]);
const PLAIN_MODIFIERS = /^(?:Privacy )?(?:static )?(?:override )?(?:readonly )?(?:get |set |(?:async )?(?:Star )?)$/;
const ABSTRACT_MODIFIERS = /^(?:Privacy )?abstract (?:readonly )?(?:get |set )?$/;
/** Modifiers of a member with a private name. */
const PRIVATE_MODIFIERS = /^(?:static )?(?:readonly )?(?:get |set |(?:async )?(?:Star )?)$/;

/** Words that are names in some places only. Elsewhere they are read as modifiers, or refused. */
const WORDS = new Set([
  ...["abstract", "accessor", "async", "await", "declare", "enum", "extends", "get", "global", "implements", "in"],
  ...["interface", "let", "module", "namespace", "out", "override", "package", "private", "protected", "public"],
  ...["readonly", "set", "static", "type", "yield"],
]);
/** Words that name no variable in a module. */
const RESERVED = new Set([
  ...[
    "arguments",
    "await",
    "enum",
    "extends",
    "implements",
    "in",
    "interface",
    "let",
    "package",
    "private",
    "protected",
    "public",
  ],
  ...["static", "yield"],
]);
/** Types of the language. No other type may have their names. */
const PREDEFINED = new Set([
  ...["any", "bigint", "boolean", "never", "null", "number", "object", "string", "symbol", "undefined", "unknown"],
  ...["void"],
]);

/** Rules by the names of nodes. Each returns whether a node breaks it. */
const RULES: Readonly<Record<string, (node: SyntaxNode, text: string) => boolean>> = {
  MethodDeclaration: (node, text) => breaksMember(node, text) || breaksAccessor(node),
  PropertyDeclaration: breaksMember,
  Property: breaksAccessor,
  ParamList: breaksParameters,
  ForOfSpec: hasTypedBinding,
  ForInSpec: hasTypedBinding,
  TypeArgList: isEmptyList,
  TypeParamList: (node) => isEmptyList(node) || node.getChild("in") !== null || node.getChild("out") !== null,
  TypeDefinition: (_, text) => RESERVED.has(text) || PREDEFINED.has(text),
  TypeName: (_, text) => RESERVED.has(text),
  VariableName: (node, text) => RESERVED.has(text) || (WORDS.has(text) && node.parent?.name === "ExpressionStatement"),
  VariableDefinition: (node, text) =>
    RESERVED.has(text) || /^(?:arguments|eval)$/.test(text) ||
    (PREDEFINED.has(text) && /^Class/.test(node.parent?.name ?? "")),
};

/**
 * Whether a node breaks a rule of TypeScript that tools which erase types check. Not every compiler checks it.
 *
 * @param textOf returns the text of a node
 */
export function breaksTypeRule({ name, node }: SyntaxNodeRef, textOf: (node: SyntaxNode) => string): boolean {
  const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
  if (rule === undefined) return false;
  const named = NAMED.has(name) ? partsOf(node).find((child) => !MODIFIERS.has(child.name)) : node;
  return rule(node, named === undefined ? "" : textOf(named));
}

/** Nodes that are judged by the text of their name. */
const NAMED = new Set(["MethodDeclaration", "PropertyDeclaration"]);

function breaksMember(member: SyntaxNode, name: string): boolean {
  const names = partsOf(member).map((child) => child.name);
  const end = names.findIndex((one) => !MODIFIERS.has(one));
  const modifiers = names.slice(0, end).map((one) => `${one} `).join("");
  const declaration = member.parent?.parent;
  if (WORDS.has(name)) return true;
  if (name === "constructor") return !/^(?:Privacy )?$/.test(modifiers);
  if (name.startsWith("#")) return !PRIVATE_MODIFIERS.test(modifiers);
  if (member.name === "MethodDeclaration" && names.includes("readonly")) return true;
  if (ABSTRACT_MODIFIERS.test(modifiers)) {
    return !hasChild(declaration, "abstract") || names.includes("Block") || names.includes("Equals");
  }
  return !PLAIN_MODIFIERS.test(modifiers) || (names.includes("override") && !hasChild(declaration, "extends"));
}

/** Whether an accessor has wrong parameters. A getter takes nothing, and a setter takes one value. */
function breaksAccessor(node: SyntaxNode): boolean {
  const parameters = partsOf(node.getChild("ParamList")).slice(1, -1).map(({ name }) => name);
  if (node.getChild("get") !== null) return parameters.length > 0;
  if (node.getChild("set") === null) return false;
  return parameters.length === 0 || parameters.some((name) => [",", "Spread", "Optional", "this"].includes(name));
}

/**
 * Whether a list of parameters breaks a rule. A parameter is optional or has a default, a rest parameter is the last,
 * and only code has defaults.
 */
function breaksParameters(list: SyntaxNode): boolean {
  const names = partsOf(list).map(({ name }) => name);
  const hasCode = list.parent?.name === "ArrowFunction" || hasChild(list.parent, "Block");
  if (!hasCode && names.includes("Equals")) return true;
  let [isRest, isOptional] = [false, false];
  for (const name of names) {
    if (name === "," && isRest) return true;
    if (name === ",") isOptional = false;
    isRest ||= name === "Spread";
    isOptional ||= name === "Optional";
    if ((isRest && isOptional) || (name === "Equals" && (isRest || isOptional))) return true;
  }
  return false;
}

function hasTypedBinding(spec: SyntaxNode): boolean {
  return spec.getChild("TypeAnnotation") !== null || spec.getChild("LogicOp") !== null;
}

function isEmptyList(list: SyntaxNode): boolean {
  return partsOf(list).length < 3;
}

function hasChild(node: SyntaxNode | null | undefined, name: string): boolean {
  return node !== null && node !== undefined && node.getChild(name) !== null;
}
