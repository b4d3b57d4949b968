import type { SyntaxNode, SyntaxNodeRef, Tree } from "@lezer/common";
import { isShorthand, previousOf, textOf } from "./nodes.ts";
import { breaksTypeRule } from "./type_rules.ts";
import { createLineFinder, type SourceFile, type Use } from "../source_file.ts";

/**
 * Nodes with which a program keeps its meaning after types are erased. Some of them are reported as syntax of their
 * own. Any other node is a need.
 */
export const ERASABLE_NODES: ReadonlySet<string> = new Set([
  ...["Script", "Hashbang", "LineComment", "BlockComment", "Escape", "Label", "ArithOp", "BitOp", "CompareOp"],
  ...["LogicOp", "UpdateOp", "Equals", "Arrow", "Spread", "Star", "Optional", "Number", "String", "RegExp"],
  ...["BooleanLiteral", "TemplateString", "Interpolation", "InterpolationStart", "InterpolationEnd"],
  ...["VariableName", "VariableDefinition", "PropertyName", "PropertyDefinition", "PrivatePropertyName"],
  ...["PrivatePropertyDefinition", "Property", "PatternProperty", "ObjectPattern", "ArrayPattern"],
  ...["ArrayExpression", "ObjectExpression", "NewExpression", "NewTarget", "UnaryExpression", "YieldExpression"],
  ...["AwaitExpression", "ParenthesizedExpression", "ClassExpression", "MemberExpression", "CallExpression"],
  ...["FunctionExpression", "ArrowFunction", "BinaryExpression", "ConditionalExpression", "PostfixExpression"],
  ...["AssignmentExpression", "TaggedTemplateExpression", "DynamicImport", "ImportMeta", "SequenceExpression"],
  ...["ArgList", "ParamList", "Block", "ClassBody", "MethodDeclaration", "PropertyDeclaration", "StaticBlock"],
  ...["ClassDeclaration", "FunctionDeclaration", "VariableDeclaration", "ImportDeclaration", "ExportDeclaration"],
  ...["ImportGroup", "ExportGroup", "ExpressionStatement", "LabeledStatement", "DebuggerStatement"],
  ...["ForStatement", "ForSpec", "ForInSpec", "ForOfSpec", "WhileStatement", "DoStatement", "IfStatement"],
  ...["SwitchStatement", "SwitchBody", "CaseLabel", "DefaultLabel", "TryStatement", "CatchClause"],
  ...["FinallyClause", "ReturnStatement", "ThrowStatement", "BreakStatement", "ContinueStatement"],
  ...["TypeAnnotation", "TypeParamList", "TypeArgList", "TypeDefinition", "TypeName", "TypePredicate"],
  ...["TypeAliasDeclaration", "InterfaceDeclaration", "InstantiationExpression", "Privacy"],
  ...["ThisType", "LiteralType", "TemplateType", "NullType", "VoidType", "TypeofType", "KeyofType", "UniqueType"],
  ...["ImportType", "InferredType", "ParenthesizedType", "IndexedType", "TupleType", "ArrayType", "ReadonlyType"],
  ...["ObjectType", "MethodType", "PropertyType", "UnionType", "IntersectionType", "ConditionalType"],
  ...["ParameterizedType", "FunctionSignature", "NewSignature", "CallSignature", "IndexSignature"],
  ...["Decorator", "EnumDeclaration", "EnumBody", "NamespaceDeclaration"], // Syntax of its own.
]);

/** Matches names of nodes, and neither words nor signs of the text. */
const IS_NODE = /^[A-Z]/;
/** Words that change the meaning of their statement. */
const UNERASABLE_WORDS = new Set(["defer", "global"]);
/** Nodes of types. */
const TYPE_NODE = /^(?:Type|InterfaceDeclaration$)|(?:Type|Signature)$/;
/** Nodes of private names, which no type has. */
const IS_PRIVATE = /^Private/;
/** Names for nodes whose own names say little. */
const SHOWN: Readonly<Record<string, string>> = { PrefixCast: "<Type>value", AmbientDeclaration: "declare" };

/** A file whose imports mean `require`. */
const COMMONJS_FILE = /\.cts$/i;
/** A specifier that Node and Deno resolve alike. */
const IMPORTABLE = /^\.{1,2}\/[\w./-]+\.m?[jt]s$/;

/**
 * Finds a file's needs of a runtime beyond erasing types. A compiler omits imports and exports that are only types, and
 * makes code of some of TypeScript's syntax.
 */
export function readTypes({ path, text }: SourceFile, tree: Tree): Use[] {
  const reader = new TypeReader(text);
  tree.iterate({ enter: (node) => reader.enter(node), leave: (node) => reader.leave(node) });
  if (COMMONJS_FILE.test(path)) reader.need("a file of CommonJS", 0);
  const lineAt = createLineFinder(text);
  return reader.needs().map(({ at, name }) => ({ kind: "types", name, line: lineAt(at), isFirst: false }));
}

/** A name, and where it is. */
interface Found {
  readonly name: string;
  readonly at: number;
}

class TypeReader {
  readonly #text: string;
  readonly #needs = new Map<string, number>();
  readonly #imported: Found[] = [];
  readonly #exported: Found[] = [];
  /** Names that are read outside of types. */
  readonly #values = new Set<string>();
  /** Number of declarations as a value by name, and the names declared as types. */
  readonly #variables = new Map<string, number>();
  readonly #types = new Set<string>();
  /** Types around the current node. */
  #typesAround = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Lists the needs in the order of the text. */
  needs(): Found[] {
    const importedNames = new Set(this.#imported.map(({ name }) => name));
    for (const { at, name } of this.#imported) {
      const isOnlyHere = this.#variables.get(name) === 1 && !this.#types.has(name);
      if (!isOnlyHere || !this.#values.has(name)) this.need("an import that may be a type", at);
    }
    for (const { at, name } of this.#exported) {
      const isValue = this.#variables.has(name) && !this.#types.has(name) && !importedNames.has(name);
      if (!isValue) this.need("an export that may be a type", at);
    }
    return [...this.#needs].map(([name, at]) => ({ name, at })).toSorted((a, b) => a.at - b.at);
  }

  /** Keeps the first place of each need. */
  need(name: string, at: number): void {
    this.#needs.set(name, Math.min(at, this.#needs.get(name) ?? at));
  }

  enter(node: SyntaxNodeRef): void {
    const { from, name } = node;
    if (IS_NODE.test(name) ? !ERASABLE_NODES.has(name) : UNERASABLE_WORDS.has(name)) {
      this.need(SHOWN[name] ?? name, from);
    }
    if (breaksTypeRule(node.node, (one) => this.#textOf(one)) || (this.#typesAround > 0 && IS_PRIVATE.test(name))) {
      this.need("types that break a rule", from);
    }
    if (TYPE_NODE.test(name)) this.#typesAround++;
    if (name === "TypeDefinition") this.#types.add(this.#textOf(node));
    if (name === "VariableDefinition") this.#declare(this.#textOf(node));
    if (name === "VariableName" && this.#typesAround === 0) this.#enterName(node.node);
    if (name === "PropertyDefinition" && this.#typesAround === 0 && isShorthand(node)) {
      this.#values.add(this.#textOf(node));
    }
    if (name === "ImportDeclaration") this.#enterImport(node.node);
    if (name === "ExportDeclaration") this.#enterExport(node.node);
    if (name === "DynamicImport") this.#enterSpecifier(node.node);
  }

  leave({ name }: SyntaxNodeRef): void {
    if (TYPE_NODE.test(name)) this.#typesAround--;
  }

  #declare(name: string): void {
    this.#variables.set(name, (this.#variables.get(name) ?? 0) + 1);
  }

  /** Records a name that is read as a value. A name in an import or an export may be a type's. */
  #enterName(node: SyntaxNode): void {
    const parent = node.parent?.name;
    if (parent !== "ImportGroup" && parent !== "ExportGroup" && parent !== "ExportDeclaration") {
      this.#values.add(this.#textOf(node));
    }
  }

  #enterImport(declaration: SyntaxNode): void {
    if (declaration.getChild("type") !== null) return;
    this.#enterSpecifier(declaration);
    const named = [declaration, declaration.getChild("ImportGroup")].flatMap((list) => this.#namedIn(list));
    this.#imported.push(...named);
    if (named.length === 0 && declaration.getChild("ImportGroup") !== null) {
      this.need("an import of types only", declaration.from);
    }
  }

  /** Finds the names in a list that are imported without the word `type`. */
  #namedIn(list: SyntaxNode | null): Found[] {
    const found: Found[] = [];
    let isType = false;
    for (let part = list?.firstChild ?? null; part !== null; part = part.nextSibling) {
      if (part.name === ",") isType = false;
      else if (part.name === "type") isType = true;
      else if (part.name === "VariableDefinition" && !isType) found.push({ name: this.#textOf(part), at: part.from });
    }
    return found;
  }

  #enterExport(declaration: SyntaxNode): void {
    if (declaration.getChild("type") !== null) return;
    if (declaration.getChild("Equals") !== null) this.need("export =", declaration.from);
    const group = declaration.getChild("ExportGroup");
    if (declaration.getChild("from") !== null) {
      this.#enterSpecifier(declaration);
      if (group !== null) this.need("an export that may be a type", declaration.from);
      return;
    }
    const defaults = declaration.getChild("default") === null ? [] : declaration.getChildren("VariableName");
    const listed = group?.getChildren("VariableName").filter((one) => previousOf(one)?.name !== "as") ?? [];
    this.#exported.push(...[...defaults, ...listed].map((node) => ({ name: this.#textOf(node), at: node.from })));
  }

  /** Checks an import of a file of the program. It must give the whole name, and name a source. */
  #enterSpecifier(node: SyntaxNode): void {
    const specifier = node.getChild("String");
    const text = specifier === null ? "" : this.#textOf(specifier).slice(1, -1);
    if (/^[./]/.test(text) && !IMPORTABLE.test(text)) this.need(`the module ${text}`, node.from);
  }

  #textOf(node: SyntaxNodeRef): string {
    return textOf(this.#text, node);
  }
}
