import type { SyntaxNode, SyntaxNodeRef } from "@lezer/common";

/** Whether a property is a shorthand: `{ name }`. It has the name of the variable that it reads. */
export function isShorthand({ node }: SyntaxNodeRef): boolean {
  const { parent } = node;
  return parent?.name === "Property" && parent.firstChild?.to === parent.lastChild?.to;
}

/** Comments may stand between any two parts of a node. */
const COMMENTS = new Set(["LineComment", "BlockComment"]);

type Maybe = SyntaxNode | null | undefined;

/** The next part of a node's parent that is no comment. */
export function nextOf(node: Maybe): SyntaxNode | null {
  let next = node?.nextSibling ?? null;
  while (next !== null && COMMENTS.has(next.name)) next = next.nextSibling;
  return next;
}

/** The part before a node in its parent that is no comment. */
export function previousOf(node: Maybe): SyntaxNode | null {
  let previous = node?.prevSibling ?? null;
  while (previous !== null && COMMENTS.has(previous.name)) previous = previous.prevSibling;
  return previous;
}

/** The second part of an expression, which is the operator of one with two operands. */
export function operatorOf(expression: Maybe): SyntaxNode | null {
  return nextOf(expression?.firstChild);
}

/** The parts of a node that are no comments. */
export function partsOf(node: Maybe): SyntaxNode[] {
  const parts: SyntaxNode[] = [];
  for (let part = node?.firstChild ?? null; part !== null; part = part.nextSibling) {
    if (!COMMENTS.has(part.name)) parts.push(part);
  }
  return parts;
}

/**
 * The text of a node. A comment that follows a name at once is a part of the name's node, and left out.
 */
export function textOf(text: string, ref: SyntaxNodeRef | null | undefined): string {
  if (ref === null || ref === undefined) return "";
  const own = text.slice(ref.from, ref.to);
  const first = own.includes("/") ? ref.node.firstChild : null;
  return first !== null && COMMENTS.has(first.name) ? text.slice(ref.from, first.from).trimEnd() : own;
}

/** The key in brackets by which an expression reads a property. */
export function keyOf(member: Maybe): SyntaxNode | null {
  return nextOf(member?.getChild("["));
}
