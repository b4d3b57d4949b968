import type { SyntaxNodeRef, Tree } from "@lezer/common";
import type { NeedKind } from "../../core/needs.ts";
import { FileReadingBuilder } from "../file_reading_builder.ts";
import type { FileReading, SourceFile } from "../source_file.ts";
import { effectOf } from "./effects.ts";

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

/** Records the needs in a file during the walk through its tree. A need is first where its code runs first. */
export class UseRecorder {
  readonly #reading: FileReadingBuilder;
  /** Nodes around the current one that may keep it from running. */
  #conditions = 0;
  /** Nodes around the current one. */
  #depth = 0;
  /** Where certainty ends. */
  readonly #endsAt: number = Number.POSITIVE_INFINITY;
  /** Whether the rest of the module's statement may be skipped, as after `?.` and `??=`. */
  #isSkippable = false;

  constructor(file: SourceFile, tree: Tree) {
    this.#reading = new FileReadingBuilder(file.text);
    if (file.rest === undefined) return;
    this.#endsAt = tree.topNode.lastChild?.from ?? 0; // The last statement may go on.
    if (MAY_CHANGE.test(file.rest)) this.#reading.markUnknown("may declare what it uses", { isDynamic: true });
  }

  /** Comes to a node, whose own needs are recorded next. */
  reach({ from }: SyntaxNodeRef): void {
    if (this.#depth === STATEMENT_DEPTH && from >= this.#endsAt) this.#reading.markEffect();
  }

  /** Enters a node, for the needs of the nodes in it. */
  enter({ name }: SyntaxNodeRef): void {
    this.#depth++;
    if (!PLAIN.has(name)) this.#conditions++;
    if (SKIPPING.has(name)) this.#isSkippable = true;
  }

  /** Leaves a node. */
  leave({ name }: SyntaxNodeRef): void {
    this.#depth--;
    if (!PLAIN.has(name)) this.#conditions--;
    if (EFFECTS.has(name)) this.#reading.markEffect();
    if (this.#depth === STATEMENT_DEPTH) this.#isSkippable = false;
  }

  /** Records a need. */
  use(
    node: SyntaxNodeRef,
    { kind, name }: { readonly kind: NeedKind; readonly name: string },
    { isFirst = this.#isFirst }: { readonly isFirst?: boolean } = {},
  ): void {
    const effect = effectOf(name);
    this.#reading.addUse({ kind, name, ...(effect === undefined ? {} : { effect }) }, { at: node.from, isFirst });
  }

  /** Records an import of a file, which has one of these paths. */
  useFile(node: SyntaxNodeRef, paths: readonly string[], { isFirst }: { readonly isFirst: boolean }): void {
    this.#reading.addLocalImport({ paths }, { at: node.from, isFirst });
  }

  /** Records why the needs of the file are not known. Code that is made at run time may need anything. */
  markUnknown(node: SyntaxNodeRef, reason: string, { isDynamic = true }: { readonly isDynamic?: boolean } = {}): void {
    this.#reading.markUnknown(reason, { at: node.from, isDynamic });
  }

  /** Records syntax that is not understood. The parser may read the rest of the text wrongly. */
  markError(node: SyntaxNodeRef): void {
    this.#reading.markEffect();
    this.markUnknown(node, "has syntax that is not understood", { isDynamic: false });
  }

  build(): FileReading {
    return this.#reading.build();
  }

  get #isFirst(): boolean {
    return !this.#reading.hasEffects && this.#conditions === 0 && !this.#isSkippable;
  }
}
