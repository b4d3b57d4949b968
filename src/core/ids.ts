/** Makes an unguessable identifier of a prefix and 122 random bits. */
export function newId(prefix: "ctx" | "env" | "exec" | "mcp" | "sess"): string {
  return `${prefix}_${crypto.randomUUID().replaceAll("-", "")}`;
}
