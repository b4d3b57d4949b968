import type { SyntaxNodeRef } from "@lezer/common";

/** Whether a property is a shorthand: `{ name }`. It has the name of the variable that it reads. */
export function isShorthand({ node }: SyntaxNodeRef): boolean {
  const { parent } = node;
  return parent?.name === "Property" && parent.firstChild?.to === parent.lastChild?.to;
}
