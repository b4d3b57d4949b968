import type { SyntaxNode, Tree } from "@lezer/common";
import { nextOf, textOf } from "./nodes.ts";

/** The names that a file declares. */
export interface DeclaredNames {
  isDeclared(name: string): boolean;
  /** Whether every declaration of a name makes it a function. */
  isFunction(name: string): boolean;
}

const FUNCTIONS = new Set(["ArrowFunction", "FunctionExpression"]);

/** Finds the names that a file declares anywhere, and which of them are functions. */
export function functionNamesIn(text: string, tree: Tree): DeclaredNames {
  const counts = new Map<string, { all: number; functions: number }>();
  tree.iterate({
    enter: (ref) => {
      const { name, node } = ref;
      if (name !== "VariableDefinition" && name !== "TypeDefinition") return; // An enum is the latter.
      const declared = textOf(text, ref);
      const count = counts.get(declared) ?? { all: 0, functions: 0 };
      count.all++;
      if (isFunction(text, node)) count.functions++;
      counts.set(declared, count);
    },
  });
  return {
    isDeclared: (name) => counts.has(name),
    isFunction: (name) => {
      const count = counts.get(name);
      return count !== undefined && count.all === count.functions;
    },
  };
}

/** Whether a definition names a function. A parameter of a new promise's executor is one. */
function isFunction(text: string, definition: SyntaxNode): boolean {
  const { parent } = definition;
  if (parent?.name === "FunctionDeclaration") return true;
  if (parent?.name === "VariableDeclaration") {
    return parent.firstChild?.name === "const" && FUNCTIONS.has(nextOf(nextOf(definition))?.name ?? "");
  }
  const executor = parent?.name === "ParamList" ? parent.parent : null;
  const made = executor?.parent?.parent;
  const constructor = made?.getChild("VariableName");
  return made?.name === "NewExpression" && FUNCTIONS.has(executor?.name ?? "") &&
    textOf(text, constructor) === "Promise";
}
