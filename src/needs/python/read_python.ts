import type { SyntaxNode, SyntaxNodeRef, Tree } from "@lezer/common";
import type { NeedEffect } from "../../core/needs.ts";
import { FileReadingBuilder } from "../file_reading_builder.ts";
import type { FileReading, SourceFile } from "../source_file.ts";

/** Names by which a program runs code that it makes. */
const DYNAMIC_NAMES = new Set(["exec", "eval", "compile", "__import__", "__builtins__"]);

/** Modules that run code which a program makes, or change where modules are found. */
const DYNAMIC_MODULES = new Set([
  ...["importlib", "imp", "runpy", "zipimport", "pkgutil", "site", "code", "codeop", "builtins", "ctypes"],
  ...["pip", "ensurepip", "venv", "setuptools"],
]);

/** Attributes of `sys` that change where modules are found. */
const DYNAMIC_ATTRIBUTES = new Set(["path", "modules", "meta_path", "path_hooks", "path_importer_cache", "prefix"]);

/** Effects of modules of the standard library. */
const EFFECTS: Readonly<Record<string, NeedEffect>> = {
  subprocess: "process",
  multiprocessing: "process",
  pty: "process",
  signal: "process",
  socket: "socket",
  ssl: "socket",
  socketserver: "socket",
  http: "socket",
  urllib: "socket",
  ftplib: "socket",
  smtplib: "socket",
  imaplib: "socket",
  poplib: "socket",
  xmlrpc: "socket",
  threading: "thread",
  concurrent: "thread",
  _thread: "thread",
  pathlib: "file",
  shutil: "file",
  tempfile: "file",
  glob: "file",
  sqlite3: "file",
  dbm: "file",
  shelve: "file",
};

/** Statements without an effect on another module, unless they call something. */
const QUIET = new Set([
  ...["ImportStatement", "AssignStatement", "ExpressionStatement", "FunctionDefinition", "ClassDefinition"],
  ...["PassStatement", "TryStatement", "IfStatement", "TypeDefinition", "ScopeStatement", ";"],
]);

/** Nodes that may have an effect on another module. */
const EFFECT_NODES = new Set([
  ...["CallExpression", "Decorator", "AwaitExpression", "YieldExpression", "RaiseStatement", "AssertStatement"],
  ...["DeleteStatement", "UpdateStatement", "ForStatement", "WhileStatement", "WithStatement", "MatchStatement"],
]);

/** Nodes whose code runs later, or never. */
const LATER = new Set(["FunctionDefinition", "LambdaExpression"]);

/** A declaration of an encoding in which the text may read differently. */
const OTHER_ENCODING = /^(?:.*\n)?[ \t\f]*#.*?coding[:=][ \t]*(?![ \t]|utf[-_]?8|ascii|latin-?1|iso-8859-1)/i;

/** Reads the needs of a Python file: the modules that it imports. */
export function readPython(file: SourceFile, tree: Tree): FileReading {
  const reader = new Reader(file);
  if (OTHER_ENCODING.test(file.text)) reader.reading.markUnknown("declares another encoding", { isDynamic: true });
  for (let statement = tree.topNode.firstChild; statement !== null; statement = statement.nextSibling) {
    reader.read(statement);
  }
  return reader.reading.build();
}

class Reader {
  readonly reading: FileReadingBuilder;
  readonly #text: string;

  constructor({ text }: SourceFile) {
    this.#text = text;
    this.reading = new FileReadingBuilder(text);
  }

  /** Reads a statement of the module itself. */
  read(statement: SyntaxNode): void {
    if (statement.name === "Comment") return;
    if (statement.name === "StatementGroup") {
      for (let inner = statement.firstChild; inner !== null; inner = inner.nextSibling) this.read(inner);
      return;
    }
    let isEffect = !QUIET.has(statement.name) || changesAnother(statement);
    let later = 0;
    statement.cursor().iterate(
      (node) => {
        this.#enter(node, { isFirst: !this.reading.hasEffects && isOwn(node) });
        if (later === 0 && EFFECT_NODES.has(node.name)) isEffect = true;
        if (LATER.has(node.name)) later++;
      },
      ({ name }) => {
        if (LATER.has(name)) later--;
      },
    );
    if (isEffect) this.reading.markEffect();
  }

  #enter(node: SyntaxNodeRef, { isFirst }: { readonly isFirst: boolean }): void {
    const { name, type, from } = node;
    if (type.isError) {
      return this.reading.markUnknown("has syntax that is not understood", { at: from, isDynamic: false });
    }
    if (name === "ImportStatement") return this.#enterImport(node.node, { isFirst });
    if (name !== "VariableName" && name !== "PropertyName") return;
    const text = this.#textOf(node);
    const isDynamic = name === "VariableName"
      ? DYNAMIC_NAMES.has(text)
      : DYNAMIC_ATTRIBUTES.has(text) && this.#isOfSys(node);
    if (isDynamic) this.reading.markUnknown(`uses ${text}`, { at: from, isDynamic });
  }

  #isOfSys({ node }: SyntaxNodeRef): boolean {
    const object = node.parent?.firstChild;
    return object?.name === "VariableName" && this.#textOf(object) === "sys";
  }

  #enterImport(statement: SyntaxNode, { isFirst }: { readonly isFirst: boolean }): void {
    const { names, isRelative, members } = this.#parseImport(statement);
    const at = statement.from;
    if (isRelative) return this.reading.addLocalImport({ paths: [] }, { at, isFirst });
    for (const dotted of names) {
      const module = (dotted.split(".")[0] ?? "").normalize("NFKC");
      const changesPath = module === "sys" && members.some((member) => DYNAMIC_ATTRIBUTES.has(member));
      if (changesPath || DYNAMIC_MODULES.has(module)) {
        this.reading.markUnknown(`imports ${module}`, { at, isDynamic: true });
      }
      const effect = Object.hasOwn(EFFECTS, module) ? EFFECTS[module] : undefined;
      const use = { kind: "module", name: module, ...(effect === undefined ? {} : { effect }) } as const;
      this.reading.addUse(use, { at, isFirst });
    }
  }

  /** Returns the dotted names of an import's modules, and the members that it imports. */
  #parseImport(statement: SyntaxNode) {
    const names: string[] = [];
    const members: string[] = [];
    let isFrom = false;
    let isRelative = false;
    let hasImport = false;
    let dotted = "";
    for (let part = statement.firstChild; part !== null; part = part.nextSibling) {
      const text = this.#textOf(part);
      if (part.name === "from") isFrom = true;
      else if (part.name === "import") {
        if (isFrom && dotted !== "") names.push(dotted);
        [hasImport, dotted] = [true, ""];
      } else if (isFrom && hasImport && part.name === "VariableName") members.push(text);
      else if (isFrom && !hasImport && dotted === "" && part.name !== "VariableName") isRelative = true;
      else if (part.name === "as") {
        part = part.nextSibling ?? part;
      } else if (part.name === ",") {
        if (dotted !== "") names.push(dotted);
        dotted = "";
      } else if (part.name === "VariableName" || part.name === ".") dotted += text;
    }
    if (!isFrom && dotted !== "") names.push(dotted);
    return { names, members, isRelative };
  }

  #textOf({ from, to }: { readonly from: number; readonly to: number }): string {
    return this.#text.slice(from, to);
  }
}

/** Whether a statement assigns to a part of an object. The object may belong to another module. */
function changesAnother(statement: SyntaxNode): boolean {
  if (statement.name !== "AssignStatement") return false;
  for (let part = statement.firstChild; part !== null; part = part.nextSibling) {
    if (part.name === "AssignOp") return false;
    if (part.name === "MemberExpression") return true;
  }
  return true;
}

/** Whether an import always runs with the module. */
function isOwn({ node }: SyntaxNodeRef): boolean {
  const { parent } = node;
  return parent?.name === "Script" || (parent?.name === "StatementGroup" && parent.parent?.name === "Script");
}
