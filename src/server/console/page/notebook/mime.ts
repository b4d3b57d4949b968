/** One form of a value that the page can show. */
export interface Form {
  readonly type: string;
  readonly kind: "image" | "html" | "markdown" | "text";
  readonly content: string;
}

/** The forms that the page can show, the richest first. */
const KINDS: readonly (readonly [type: string, kind: Form["kind"]])[] = [
  ["image/svg+xml", "image"],
  ["image/png", "image"],
  ["image/jpeg", "image"],
  ["image/gif", "image"],
  ["image/webp", "image"],
  ["text/html", "html"],
  ["text/markdown", "markdown"],
  ["text/latex", "text"],
  ["application/json", "text"],
  ["text/plain", "text"],
];

/** Finds the forms of a MIME bundle that the page can show, the richest first. */
export function formsOf(data: Readonly<Record<string, unknown>>): Form[] {
  return KINDS.flatMap(([type, kind]) => {
    const content = data[type];
    if (content === undefined) return [];
    return [{ type, kind, content: typeof content === "string" ? content : JSON.stringify(content, undefined, 2) }];
  });
}

/** Makes the address of an image. SVG is text, in which U+FFFD replaces half a character; other images are base64. An image runs no script. */
export function toDataUrl(type: string, content: string): string {
  if (type !== "image/svg+xml") return `data:${type};base64,${content.replaceAll(/\s/g, "")}`;
  return `data:${type},${encodeURIComponent(content.toWellFormed())}`;
}
