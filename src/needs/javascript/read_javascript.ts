import type { SyntaxNode, SyntaxNodeRef, Tree } from "@lezer/common";
import type { NeedKind } from "../../core/needs.ts";
import type { FileReading, SourceFile } from "../source_file.ts";
import { ComputedKeys } from "./computed_keys.ts";
import { printsPlainly } from "./console.ts";
import { EnumMembers } from "./enum_members.ts";
import { attributesAt } from "./import_attributes.ts";
import { functionNamesIn } from "./function_names.ts";
import { isShorthand, keyOf, nextOf, operatorOf, textOf } from "./nodes.ts";
import { otherPathsOf, resolveLocal } from "./local_import.ts";
import { NumberNames } from "./number_names.ts";
import { readTypes } from "./read_types.ts";
import { mayHaveTypes } from "./typed_files.ts";
import { UseRecorder } from "./use_recorder.ts";
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
  PROTOTYPE,
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

/** Reads the needs of a JavaScript or TypeScript file. */
export function readJavascript(file: SourceFile, tree: Tree): FileReading {
  const reader = new Reader(file, tree);
  const { recorder } = reader;
  tree.iterate({
    enter(node) {
      recorder.reach(node);
      reader.read(node);
      recorder.enter(node);
    },
    leave: (node) => recorder.leave(node),
  });
  const reading = recorder.build();
  return mayHaveTypes(file.path) ? { ...reading, uses: [...reading.uses, ...readTypes(file, tree)] } : reading;
}

class Reader {
  readonly recorder: UseRecorder;
  readonly #file: SourceFile;
  readonly #functions: ReturnType<typeof functionNamesIn>;
  readonly #tree: Tree;
  #enums: EnumMembers | undefined;
  #keys: ComputedKeys | undefined;
  #numbers: NumberNames | undefined;

  constructor(file: SourceFile, tree: Tree) {
    this.#file = file;
    this.#tree = tree;
    this.#functions = functionNamesIn(file.text, tree);
    this.recorder = new UseRecorder(file, tree);
  }

  /** Records the needs of a node, without those of the nodes in it. */
  read(node: SyntaxNodeRef): void {
    const { name, type } = node;
    if (type.isError) return this.recorder.markError(node);
    if (name === "VariableName") return this.#enterName(node);
    if (name === "VariableDefinition") return this.#enterDefinition(node);
    if (name === "MemberExpression") return this.#enterMember(node);
    if (name === "PatternProperty") return this.#enterPattern(node);
    if (name === "WithStatement") return this.recorder.markUnknown(node, "uses with");
    if (name === "PropertyDefinition" && isShorthand(node)) return this.#enterName(node);
    if (name === "String" || name === "TemplateString") return this.#enterText(node);
    if (name === "PropertyName") return this.#enterProperty(node);
    if (name === "ImportMeta") {
      return this.recorder.use(node, { kind: "global", name: `import.meta${this.#memberOf(node)}` });
    }
    if (name === "ImportDeclaration" || name === "ExportDeclaration") return this.#enterImport(node);
    if (name === "DynamicImport") return this.#enterDynamicImport(node);
    if (name === "CallExpression") return this.#enterCall(node);
    if (Object.hasOwn(SYNTAX, name)) this.#enterSyntax(node);
  }

  #enterSyntax(node: SyntaxNodeRef): void {
    const syntax = SYNTAX[node.name] ?? node.name;
    if (syntax === SYNTAX["Privacy"] && node.node.parent?.name !== "ParamList") return;
    const isConst = node.name === "EnumDeclaration" && node.node.getChild("const") !== null; // It may have no value.
    this.recorder.use(node, { kind: "syntax", name: isConst ? `const ${syntax}` : syntax }, { isFirst: false });
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
    if (isAssigned(node)) return this.recorder.markUnknown(node, `changes ${name}`);
    if (this.#functions.isDeclared(name)) {
      if (name === "Deno" || name === "Bun") this.recorder.markUnknown(node, `declares ${name}`);
      return;
    }
    this.recorder.use(node, { kind: "global", name: `${name}${this.#memberOf(node)}` });
  }

  #enterGlobalObject(node: SyntaxNodeRef, name: string): void {
    const member = this.#memberOf(node).slice(1);
    if (member === "" || isTimer(member) || DYNAMIC_GLOBALS.has(member)) {
      return this.recorder.markUnknown(node, `uses ${name}`);
    }
    if (node.node.parent?.parent?.name === "AssignmentExpression") this.recorder.markUnknown(node, `changes ${name}`);
    if (!NOTABLE_GLOBALS.has(member)) return;
    const inner = node.node.parent;
    this.recorder.use(node, { kind: "global", name: `${member}${inner === null ? "" : this.#memberOf(inner)}` }, {
      isFirst: false,
    });
  }

  #enterDynamicGlobal(node: SyntaxNodeRef, name: string): void {
    if (name === "Worker") this.recorder.use(node, { kind: "global", name });
    this.recorder.markUnknown(node, `uses ${name}`);
  }

  #enterTimer(node: SyntaxNodeRef, name: string): void {
    const call = node.node.parent;
    const first = call?.name === "CallExpression" ? operatorOf(call.getChild("ArgList")) : undefined;
    if (first?.name === "ArrowFunction" || first?.name === "FunctionExpression") return;
    if (first?.name === "VariableName" && this.#functions.isFunction(this.#text(first))) return;
    this.recorder.markUnknown(node, `may give code to ${name}`);
  }

  #enterConsole({ node }: SyntaxNodeRef): void {
    const method = this.#memberOf({ node });
    const isNumber = (one: SyntaxNode) => this.#numberNames.isNumber(one);
    const isEnumMember = (one: SyntaxNode) => this.#enumMembers.isPlain(one);
    if (printsPlainly(this.#file.text, { isEnumMember, isNumber, method, name: node })) return;
    this.recorder.use(node, { kind: "global", name: `console${method}` }, { isFirst: false });
  }

  #enterReflect(node: SyntaxNodeRef): void {
    const member = this.#memberOf(node);
    if (!HONEST_REFLECTION.has(member)) this.recorder.markUnknown(node, `uses Reflect${member}`);
  }

  #enterRequire(node: SyntaxNodeRef): void {
    if (this.#functions.isDeclared("require")) return this.recorder.markUnknown(node, "declares require");
    this.recorder.use(node, { kind: "global", name: "require" }, { isFirst: false });
    const call = node.node.parent;
    const isCall = call?.name === "CallExpression" && call.firstChild?.from === node.from;
    const first = isCall ? operatorOf(call.getChild("ArgList")) : null;
    this.#enterSpecifier(node, first, { computed: "a computed require" });
  }

  #enterProperty(node: SyntaxNodeRef): void {
    const name = this.#text(node);
    if (name === CONSTRUCTOR) {
      const parent = node.node.parent;
      if (parent?.name === "MemberExpression" && this.#memberOf(parent) === ".name") return;
      return this.#markConstructor(node);
    }
    this.#enterDynamicProperty(node, name);
    if (NEW_METHODS.has(name)) this.recorder.use(node, { kind: "syntax", name: `.${name}` }, { isFirst: false });
  }

  #enterCall(node: SyntaxNodeRef): void {
    const callee = node.node.firstChild;
    const key = callee?.name === "MemberExpression" ? keyOf(callee) : null;
    if (key === null || this.#computedKeys.isHonest(key)) return;
    this.recorder.markUnknown(node, "calls a computed property");
  }

  #enterMember({ node }: SyntaxNodeRef): void {
    const key = keyOf(node);
    if (key?.name === "String") this.#enterDynamicProperty(key, this.#text(key).slice(1, -1));
    if (key === null || this.#computedKeys.isHonest(key) || this.#computedKeys.isPlainUse(node)) return;
    this.recorder.markUnknown(node, "reads a computed property");
  }

  /** A property that a pattern takes out: `{ [key]: name }`, `{ "key": name }`. */
  #enterPattern({ node }: SyntaxNodeRef): void {
    const { firstChild } = node;
    const key = firstChild?.name === "[" ? nextOf(firstChild) : firstChild;
    if (key?.name === "String") this.#enterDynamicProperty(key, this.#text(key).slice(1, -1));
    if (firstChild?.name !== "[" && key?.name !== "String") return;
    if (!this.#computedKeys.isHonest(key)) this.recorder.markUnknown(node, "reads a computed property");
  }

  /** Reads a name that a pattern takes out of an object: `{ name }`. */
  #enterDefinition(node: SyntaxNodeRef): void {
    if (node.node.parent?.name !== "PatternProperty") return;
    const name = this.#text(node);
    if (name === CONSTRUCTOR) return this.#markConstructor(node);
    this.#enterDynamicProperty(node, name);
  }

  /** Reads a text, which may be the name of a property. */
  #enterText(node: SyntaxNodeRef): void {
    const text = this.#text(node).slice(1, -1);
    if (text === CONSTRUCTOR) this.#markConstructor(node);
    if (text === PROTOTYPE) this.#usePrototype(node);
  }

  #usePrototype(node: SyntaxNodeRef): void {
    this.recorder.use(node, { kind: "syntax", name: PROTOTYPE }, { isFirst: false });
  }

  #enterDynamicProperty(node: SyntaxNodeRef, name: string): void {
    if (name === PROTOTYPE) this.#usePrototype(node);
    if (DYNAMIC_PROPERTIES.has(name)) this.recorder.markUnknown(node, `uses ${name}`);
  }

  get #computedKeys(): ComputedKeys {
    return this.#keys ??= new ComputedKeys(this.#file.text, this.#numberNames);
  }

  get #numberNames(): NumberNames {
    return this.#numbers ??= new NumberNames(this.#file.text, this.#tree, this.#enumMembers);
  }

  get #enumMembers(): EnumMembers {
    return this.#enums ??= new EnumMembers(this.#file.text, this.#tree);
  }

  #enterImport(node: SyntaxNodeRef): void {
    const declaration = node.node;
    if (node.name === "ExportDeclaration" && declaration.getChild("from") === null) return; // The declaration exports values.
    const specifier = declaration.getChild("String");
    if (specifier === null || declaration.getChild("type") !== null) return;
    this.#enterSpecifier(node, specifier, { computed: "a computed import", isFirst: true });
  }

  #enterDynamicImport(node: SyntaxNodeRef): void {
    this.recorder.use(node, { kind: "global", name: DYNAMIC_IMPORT }, { isFirst: false });
    this.#enterSpecifier(node, node.node.getChild("String"), { computed: "a computed import" });
  }

  #enterSpecifier(
    node: SyntaxNodeRef,
    specifier: SyntaxNode | null,
    { computed, isFirst = false }: { readonly computed: string; readonly isFirst?: boolean },
  ): void {
    const text = specifier?.name === "String" ? this.#text(specifier).slice(1, -1) : undefined;
    if (text === undefined || text.includes("\\")) return this.recorder.markUnknown(node, `has ${computed}`);
    const attributes = specifier === null ? undefined : attributesAt(this.#file.text, specifier.to);
    if (attributes === "other") {
      this.recorder.use(node, { kind: "syntax", name: "import attributes" }, { isFirst: false });
    }
    if (/^(?:\.|\/)/.test(text)) return this.#enterLocal(node, text, { isFirst, isJson: attributes === "json" });
    if (/^(?:data|blob):/i.test(text)) return this.recorder.markUnknown(node, "imports code from a data URL");
    if (DYNAMIC_MODULES.has(text.replace(/^node:/, ""))) this.recorder.markUnknown(node, `imports ${text}`);
    this.recorder.use(node, { kind: kindOf(text), name: text }, { isFirst });
  }

  #enterLocal(
    node: SyntaxNodeRef,
    specifier: string,
    { isFirst, isJson }: { readonly isFirst: boolean; readonly isJson: boolean },
  ): void {
    const path = specifier.startsWith("/") ? undefined : resolveLocal(specifier, this.#file.path);
    if (path === undefined) return this.recorder.markUnknown(node, "imports a file outside of the workspace");
    if (isJson) return this.recorder.use(node, { kind: "syntax", name: "import of JSON" }, { isFirst: false });
    if (/\.json$/i.test(path)) {
      return this.recorder.use(node, { kind: "syntax", name: "import of JSON without its type" }, { isFirst: false });
    }
    this.recorder.useFile(node, [path, ...otherPathsOf(path)], { isFirst });
  }

  #markConstructor(node: SyntaxNodeRef): void {
    this.recorder.markUnknown(node, "uses the constructor of a value");
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
