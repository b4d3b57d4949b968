/** An unguessable identifier: a prefix that says of what, and 122 random bits. */
export function newId(prefix: "exec" | "env" | "sess"): string {
  return `${prefix}_${crypto.randomUUID().replaceAll("-", "")}`;
}
