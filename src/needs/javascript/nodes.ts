import type { SyntaxNodeRef } from "@lezer/common";

/** Whether the name of a property is that of the variable which it reads: `{ name }`. */
export function isShorthand({ node }: SyntaxNodeRef): boolean {
  const { parent } = node;
  return parent?.name === "Property" && parent.firstChild?.to === parent.lastChild?.to;
}
