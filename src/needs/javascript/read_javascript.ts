import { parser } from "@lezer/javascript";
import type { SyntaxNode, SyntaxNodeRef, Tree } from "@lezer/common";
import type { NeedKind } from "../../core/needs.ts";
import { FileReadingBuilder } from "../file_reading_builder.ts";
import type { FileReading, SourceFile } from "../source_file.ts";
import { printsPlainly } from "./console.ts";
import { effectOf } from "./effects.ts";
import { functionNamesIn } from "./function_names.ts";
import { isShorthand } from "./nodes.ts";
import { otherPathsOf, resolveLocal } from "./local_import.ts";
import { readTypes } from "./read_types.ts";
import { mayHaveTypes } from "./typed_files.ts";
import {
  BUILTIN,
  CONSTRUCTOR,
  DYNAMIC_GLOBALS,
  DYNAMIC_MODULES,
  GLOBAL_OBJECTS,
  NEW_METHODS,
  NOTABLE_GLOBALS,
} from "./words.ts";

const PARSERS = {
  js: parser,
  jsx: parser.configure({ dialect: "jsx" }),
  ts: parser.configure({ dialect: "ts" }),
  tsx: parser.configure({ dialect: "ts jsx" }),
};

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

/** Number of nodes around a statement of the module. */
const STATEMENT_DEPTH = 1;

/** The parser for a file by its name. */
export function parserFor({ path }: Pick<SourceFile, "path">) {
  const [, dialect = "ts"] = /\.[cm]?(jsx?|tsx?)$/i.exec(path) ?? [];
  return PARSERS[dialect.toLowerCase() as keyof typeof PARSERS];
}

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
  /** Nodes around the current one that may keep it from running. */
  #conditions = 0;
  /** Nodes around the current one. */
  #depth = 0;
  /** Whether the rest of the module's statement may be skipped, as after `?.` and `??=`. */
  #isSkippable = false;

  constructor(file: SourceFile, tree: Tree) {
    this.#file = file;
    this.#functions = functionNamesIn(file.text, tree);
    this.reading = new FileReadingBuilder(file.text);
  }

  enter(node: SyntaxNodeRef): void {
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
    if (type.isError) return this.#markUnknown(node, "has syntax that is not understood", false);
    if (name === "VariableName") return this.#enterName(node);
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
    this.#use(node, "syntax", syntax, false);
  }

  #enterName(node: SyntaxNodeRef): void {
    const name = this.#text(node);
    if (GLOBAL_OBJECTS.has(name)) return this.#enterGlobalObject(node, name);
    if (DYNAMIC_GLOBALS.has(name)) return this.#enterDynamicGlobal(node, name);
    if (isTimer(name)) return this.#enterTimer(node, name);
    if (name === "console") return this.#enterConsole(node);
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
    const first = call?.name === "CallExpression" ? call.getChild("ArgList")?.firstChild?.nextSibling : undefined;
    if (first?.name === "ArrowFunction" || first?.name === "FunctionExpression") return;
    if (first?.name === "VariableName" && this.#functions.isFunction(this.#text(first))) return;
    this.#markUnknown(node, `may give code to ${name}`, true);
  }

  #enterConsole({ node }: SyntaxNodeRef): void {
    const method = this.#memberOf({ node });
    if (printsPlainly(this.#file.text, { method, name: node })) return;
    this.#use(node, "global", `console${method}`, false);
  }

  #enterRequire(node: SyntaxNodeRef): void {
    if (this.#functions.isDeclared("require")) return this.#markUnknown(node, "declares require", true);
    this.#use(node, "global", "require", false);
    const call = node.node.parent;
    const isCall = call?.name === "CallExpression" && call.firstChild?.from === node.from;
    const first = isCall ? call.getChild("ArgList")?.firstChild?.nextSibling : undefined;
    this.#enterSpecifier(node, first ?? null, "a computed require");
  }

  #enterProperty(node: SyntaxNodeRef): void {
    const name = this.#text(node);
    if (name === CONSTRUCTOR) {
      const parent = node.node.parent;
      if (parent?.name === "MemberExpression" && this.#memberOf(parent) === ".name") return;
      return this.#markConstructor(node);
    }
    if (NEW_METHODS.has(name)) this.#use(node, "syntax", `.${name}`, false);
  }

  #enterCall(node: SyntaxNodeRef): void {
    const callee = node.node.firstChild;
    if (callee?.name !== "MemberExpression") return;
    const key = callee.getChild("[")?.nextSibling;
    if (key === undefined || key === null || key.name === "Number" || key.name === "String") return;
    this.#markUnknown(node, "calls a computed property", true);
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
    specifier: { readonly name: string; readonly from: number; readonly to: number } | null,
    computed: string,
    isFirst = false,
  ): void {
    const text = specifier?.name === "String" ? this.#text(specifier).slice(1, -1) : undefined;
    if (text === undefined || text.includes("\\")) return this.#markUnknown(node, `has ${computed}`, true);
    if (/^(?:\.|\/)/.test(text)) return this.#enterLocal(node, text, isFirst);
    if (/^(?:data|blob):/i.test(text)) return this.#markUnknown(node, "imports code from a data URL", true);
    if (DYNAMIC_MODULES.has(text.replace(/^node:/, ""))) this.#markUnknown(node, `imports ${text}`, true);
    this.#use(node, kindOf(text), text, isFirst);
  }

  #enterLocal(node: SyntaxNodeRef, specifier: string, isFirst: boolean): void {
    const path = specifier.startsWith("/") ? undefined : resolveLocal(specifier, this.#file.path);
    if (path === undefined) return this.#markUnknown(node, "imports a file outside of the workspace", true);
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

  #text({ from, to }: { readonly from: number; readonly to: number }): string {
    return this.#file.text.slice(from, to);
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
