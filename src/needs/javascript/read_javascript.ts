import type { SyntaxNode, SyntaxNodeRef, Tree } from "@lezer/common";
import type { NeedKind } from "../../core/needs.ts";
import { FileReadingBuilder } from "../file_reading_builder.ts";
import type { FileReading, SourceFile } from "../source_file.ts";
import { ComputedKeys } from "./computed_keys.ts";
import { printsPlainly } from "./console.ts";
import { attributesAt } from "./import_attributes.ts";
import { effectOf } from "./effects.ts";
import { functionNamesIn } from "./function_names.ts";
import { isShorthand, keyOf, nextOf, operatorOf, textOf } from "./nodes.ts";
import { otherPathsOf, resolveLocal } from "./local_import.ts";
import { readTypes } from "./read_types.ts";
import { mayHaveTypes } from "./typed_files.ts";
import {
  BUILTIN,
  CONSTRUCTOR,
  DYNAMIC_GLOBALS,
  DYNAMIC_MODULES,
  DYNAMIC_PROPERTIES,
  GLOBAL_OBJECTS,
  HONEST_REFLECTION,
  NEW_METHODS,
  NOTABLE_GLOBALS,
} from "./words.ts";

/** Syntax beyond types that some runtimes lack, by the names of its nodes. */
const SYNTAX: Readonly<Record<string, string>> = {
  EnumDeclaration: "enum",
  NamespaceDeclaration: "namespace",
  Privacy: "parameter property",
  readonly: "parameter property",
  Decorator: "decorator",
  using: "using",
  accessor: "accessor",
  JSXElement: "jsx",
};

/** The name of the need of an import that is an expression. */
const DYNAMIC_IMPORT = "import()";

/** Nodes whose content always runs when the module does, before anything of it is called. */
const PLAIN = new Set([
  ...[
    "Script",
    "ExpressionStatement",
    "VariableDeclaration",
    "ExportDeclaration",
    "AwaitExpression",
    "MemberExpression",
  ],
  ...["CallExpression", "NewExpression", "ArgList", "ParenthesizedExpression", "AssignmentExpression"],
]);

/** Nodes that may have an effect outside of their own module, or end it. */
const EFFECTS = new Set([
  ...["CallExpression", "NewExpression", "TaggedTemplateExpression", "DynamicImport", "Decorator"],
  ...["ThrowStatement", "WhileStatement", "DoStatement", "ForStatement"],
]);

/** Nodes after which the rest of the statement may not run: `a?.(b)`, `a ??= b`. */
const SKIPPING = new Set(["?.", "UpdateOp"]);

/** A declaration or an assignment of a global, in a text that is not read. */
const MAY_CHANGE = /(?<![\w$.])(?:Deno|Bun)(?!\s*[.\w$])/;

/** Number of nodes around a statement of the module. */
const STATEMENT_DEPTH = 1;

/** Reads the needs of a JavaScript or TypeScript file. */
export function readJavascript(file: SourceFile, tree: Tree): FileReading {
  const reader = new Reader(file, tree);
  tree.iterate({ enter: (node) => reader.enter(node), leave: (node) => reader.leave(node) });
  const reading = reader.reading.build();
  return mayHaveTypes(file.path) ? { ...reading, uses: [...reading.uses, ...readTypes(file, tree)] } : reading;
}

class Reader {
  readonly reading: FileReadingBuilder;
  readonly #file: SourceFile;
  readonly #functions: ReturnType<typeof functionNamesIn>;
  readonly #tree: Tree;
  #keys: ComputedKeys | undefined;
  /** Nodes around the current one that may keep it from running. */
  #conditions = 0;
  /** Nodes around the current one. */
  #depth = 0;
  /** Where certainty ends. */
  readonly #endsAt: number = Number.POSITIVE_INFINITY;
  /** Whether the rest of the module's statement may be skipped, as after `?.` and `??=`. */
  #isSkippable = false;

  constructor(file: SourceFile, tree: Tree) {
    this.#file = file;
    this.#tree = tree;
    this.#functions = functionNamesIn(file.text, tree);
    this.reading = new FileReadingBuilder(file.text);
    if (file.rest === undefined) return;
    this.#endsAt = tree.topNode.lastChild?.from ?? 0; // The last statement may go on.
    if (MAY_CHANGE.test(file.rest)) this.reading.markUnknown("may declare what it uses", { isDynamic: true });
  }

  enter(node: SyntaxNodeRef): void {
    if (this.#depth === STATEMENT_DEPTH && node.from >= this.#endsAt) this.reading.markEffect();
    this.#enterNode(node);
    this.#depth++;
    if (!PLAIN.has(node.name)) this.#conditions++;
    if (SKIPPING.has(node.name)) this.#isSkippable = true;
  }

  leave({ name }: SyntaxNodeRef): void {
    this.#depth--;
    if (!PLAIN.has(name)) this.#conditions--;
    if (EFFECTS.has(name)) this.reading.markEffect();
    if (this.#depth === STATEMENT_DEPTH) this.#isSkippable = false;
  }

  #enterNode(node: SyntaxNodeRef): void {
    const { name, type } = node;
    if (type.isError) {
      this.reading.markEffect(); // The parser may read the rest wrongly.
      return this.#markUnknown(node, "has syntax that is not understood", false);
    }
    if (name === "VariableName") return this.#enterName(node);
    if (name === "VariableDefinition") return this.#enterDefinition(node);
    if (name === "MemberExpression") return this.#enterMember(node);
    if (name === "PatternProperty") return this.#enterPattern(node);
    if (name === "WithStatement") return this.#markUnknown(node, "uses with", true);
    if (name === "PropertyDefinition" && isShorthand(node)) return this.#enterName(node);
    if (name === "String" && this.#text(node).slice(1, -1) === CONSTRUCTOR) return this.#markConstructor(node);
    if (name === "PropertyName") return this.#enterProperty(node);
    if (name === "ImportMeta") return this.#use(node, "global", `import.meta${this.#memberOf(node)}`);
    if (name === "ImportDeclaration" || name === "ExportDeclaration") return this.#enterImport(node);
    if (name === "DynamicImport") return this.#enterDynamicImport(node);
    if (name === "CallExpression") return this.#enterCall(node);
    if (Object.hasOwn(SYNTAX, name)) this.#enterSyntax(node);
  }

  #enterSyntax(node: SyntaxNodeRef): void {
    const syntax = SYNTAX[node.name] ?? node.name;
    if (syntax === SYNTAX["Privacy"] && node.node.parent?.name !== "ParamList") return;
    const isConst = node.name === "EnumDeclaration" && node.node.getChild("const") !== null; // It may have no value.
    this.#use(node, "syntax", isConst ? `const ${syntax}` : syntax, false);
  }

  #enterName(node: SyntaxNodeRef): void {
    const name = this.#text(node);
    if (GLOBAL_OBJECTS.has(name)) return this.#enterGlobalObject(node, name);
    if (DYNAMIC_GLOBALS.has(name)) return this.#enterDynamicGlobal(node, name);
    if (isTimer(name)) return this.#enterTimer(node, name);
    if (name === "console") return this.#enterConsole(node);
    if (name === "Reflect") return this.#enterReflect(node);
    if (name === CONSTRUCTOR) return this.#markConstructor(node);
    if (!NOTABLE_GLOBALS.has(name) && !name.startsWith("GPU")) return;
    if (name === "require") return this.#enterRequire(node);
    if (isAssigned(node)) return this.#markUnknown(node, `changes ${name}`, true);
    if (this.#functions.isDeclared(name)) {
      if (name === "Deno" || name === "Bun") this.#markUnknown(node, `declares ${name}`, true);
      return;
    }
    this.#use(node, "global", `${name}${this.#memberOf(node)}`);
  }

  #enterGlobalObject(node: SyntaxNodeRef, name: string): void {
    const member = this.#memberOf(node).slice(1);
    if (member === "" || isTimer(member) || DYNAMIC_GLOBALS.has(member)) {
      return this.#markUnknown(node, `uses ${name}`, true);
    }
    if (node.node.parent?.parent?.name === "AssignmentExpression") this.#markUnknown(node, `changes ${name}`, true);
    if (!NOTABLE_GLOBALS.has(member)) return;
    const inner = node.node.parent;
    this.#use(node, "global", `${member}${inner === null ? "" : this.#memberOf(inner)}`, false);
  }

  #enterDynamicGlobal(node: SyntaxNodeRef, name: string): void {
    if (name === "Worker") this.#use(node, "global", name);
    this.#markUnknown(node, `uses ${name}`, true);
  }

  #enterTimer(node: SyntaxNodeRef, name: string): void {
    const call = node.node.parent;
    const first = call?.name === "CallExpression" ? operatorOf(call.getChild("ArgList")) : undefined;
    if (first?.name === "ArrowFunction" || first?.name === "FunctionExpression") return;
    if (first?.name === "VariableName" && this.#functions.isFunction(this.#text(first))) return;
    this.#markUnknown(node, `may give code to ${name}`, true);
  }

  #enterConsole({ node }: SyntaxNodeRef): void {
    const method = this.#memberOf({ node });
    if (printsPlainly(this.#file.text, { method, name: node })) return;
    this.#use(node, "global", `console${method}`, false);
  }

  #enterReflect(node: SyntaxNodeRef): void {
    const member = this.#memberOf(node);
    if (!HONEST_REFLECTION.has(member)) this.#markUnknown(node, `uses Reflect${member}`, true);
  }

  #enterRequire(node: SyntaxNodeRef): void {
    if (this.#functions.isDeclared("require")) return this.#markUnknown(node, "declares require", true);
    this.#use(node, "global", "require", false);
    const call = node.node.parent;
    const isCall = call?.name === "CallExpression" && call.firstChild?.from === node.from;
    const first = isCall ? operatorOf(call.getChild("ArgList")) : null;
    this.#enterSpecifier(node, first, "a computed require");
  }

  #enterProperty(node: SyntaxNodeRef): void {
    const name = this.#text(node);
    if (name === CONSTRUCTOR) {
      const parent = node.node.parent;
      if (parent?.name === "MemberExpression" && this.#memberOf(parent) === ".name") return;
      return this.#markConstructor(node);
    }
    this.#enterDynamicProperty(node, name);
    if (NEW_METHODS.has(name)) this.#use(node, "syntax", `.${name}`, false);
  }

  #enterCall(node: SyntaxNodeRef): void {
    const callee = node.node.firstChild;
    const key = callee?.name === "MemberExpression" ? keyOf(callee) : null;
    if (key === null || this.#computedKeys.isHonest(key)) return;
    this.#markUnknown(node, "calls a computed property", true);
  }

  #enterMember({ node }: SyntaxNodeRef): void {
    const key = keyOf(node);
    if (key?.name === "String") this.#enterDynamicProperty(key, this.#text(key).slice(1, -1));
    if (key === null || this.#computedKeys.isHonest(key) || this.#computedKeys.isPlainUse(node)) return;
    this.#markUnknown(node, "reads a computed property", true);
  }

  /** A property that a pattern takes out: `{ [key]: name }`, `{ "key": name }`. */
  #enterPattern({ node }: SyntaxNodeRef): void {
    const { firstChild } = node;
    const key = firstChild?.name === "[" ? nextOf(firstChild) : firstChild;
    if (key?.name === "String") this.#enterDynamicProperty(key, this.#text(key).slice(1, -1));
    if (firstChild?.name !== "[" && key?.name !== "String") return;
    if (!this.#computedKeys.isHonest(key)) this.#markUnknown(node, "reads a computed property", true);
  }

  /** Reads a name that a pattern takes out of an object: `{ name }`. */
  #enterDefinition(node: SyntaxNodeRef): void {
    if (node.node.parent?.name !== "PatternProperty") return;
    const name = this.#text(node);
    if (name === CONSTRUCTOR) return this.#markConstructor(node);
    this.#enterDynamicProperty(node, name);
  }

  #enterDynamicProperty(node: SyntaxNodeRef, name: string): void {
    if (DYNAMIC_PROPERTIES.has(name)) this.#markUnknown(node, `uses ${name}`, true);
  }

  get #computedKeys(): ComputedKeys {
    return this.#keys ??= new ComputedKeys(this.#file.text, this.#tree);
  }

  #enterImport(node: SyntaxNodeRef): void {
    const declaration = node.node;
    if (node.name === "ExportDeclaration" && declaration.getChild("from") === null) return; // The declaration exports values.
    const specifier = declaration.getChild("String");
    if (specifier === null || declaration.getChild("type") !== null) return;
    this.#enterSpecifier(node, specifier, "a computed import", true);
  }

  #enterDynamicImport(node: SyntaxNodeRef): void {
    this.#use(node, "global", DYNAMIC_IMPORT, false);
    this.#enterSpecifier(node, node.node.getChild("String"), "a computed import");
  }

  #enterSpecifier(
    node: SyntaxNodeRef,
    specifier: SyntaxNode | null,
    computed: string,
    isFirst = false,
  ): void {
    const text = specifier?.name === "String" ? this.#text(specifier).slice(1, -1) : undefined;
    if (text === undefined || text.includes("\\")) return this.#markUnknown(node, `has ${computed}`, true);
    const attributes = specifier === null ? undefined : attributesAt(this.#file.text, specifier.to);
    if (attributes === "other") this.#use(node, "syntax", "import attributes", false);
    if (/^(?:\.|\/)/.test(text)) return this.#enterLocal(node, text, { isFirst, isJson: attributes === "json" });
    if (/^(?:data|blob):/i.test(text)) return this.#markUnknown(node, "imports code from a data URL", true);
    if (DYNAMIC_MODULES.has(text.replace(/^node:/, ""))) this.#markUnknown(node, `imports ${text}`, true);
    this.#use(node, kindOf(text), text, isFirst);
  }

  #enterLocal(
    node: SyntaxNodeRef,
    specifier: string,
    { isFirst, isJson }: { readonly isFirst: boolean; readonly isJson: boolean },
  ): void {
    const path = specifier.startsWith("/") ? undefined : resolveLocal(specifier, this.#file.path);
    if (path === undefined) return this.#markUnknown(node, "imports a file outside of the workspace", true);
    if (isJson) return this.#use(node, "syntax", "import of JSON", false);
    if (/\.json$/i.test(path)) return this.#use(node, "syntax", "import of JSON without its type", false);
    this.reading.addLocalImport({ paths: [path, ...otherPathsOf(path)] }, { at: node.from, isFirst });
  }

  #use(node: SyntaxNodeRef, kind: NeedKind, name: string, isFirst = this.#isFirst): void {
    const effect = effectOf(name);
    this.reading.addUse({ kind, name, ...(effect === undefined ? {} : { effect }) }, { at: node.from, isFirst });
  }

  get #isFirst(): boolean {
    return !this.reading.hasEffects && this.#conditions === 0 && !this.#isSkippable;
  }

  #markConstructor(node: SyntaxNodeRef): void {
    this.#markUnknown(node, "uses the constructor of a value", true);
  }

  #markUnknown(node: SyntaxNodeRef, reason: string, isDynamic: boolean): void {
    this.reading.markUnknown(reason, { at: node.from, isDynamic });
  }

  /** The property of a node that is read directly, with its dot. Empty where the node is used in another way. */
  #memberOf(node: { readonly node: SyntaxNode }): string {
    const parent = node.node.parent;
    if (parent?.name !== "MemberExpression" || parent.firstChild?.from !== node.node.from) return "";
    const property = parent.getChild("PropertyName");
    return property === null ? "" : `.${this.#text(property)}`;
  }

  #text(node: SyntaxNodeRef): string {
    return textOf(this.#file.text, node);
  }
}

function kindOf(specifier: string): NeedKind {
  if (BUILTIN.test(specifier)) return "builtin";
  return /^https?:/i.test(specifier) ? "url" : "package";
}

function isTimer(name: string): boolean {
  return name === "setTimeout" || name === "setInterval";
}

function isAssigned({ node }: SyntaxNodeRef): boolean {
  return node.parent?.name === "AssignmentExpression" && node.parent.firstChild?.from === node.from;
}
