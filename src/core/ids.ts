/** An unguessable identifier: a prefix that says of what, and 122 random bits. */
export function newId(prefix: "ctx" | "env" | "exec" | "sess"): string {
  return `${prefix}_${crypto.randomUUID().replaceAll("-", "")}`;
}
