/** The path in the workspace that a relative specifier means; undefined where it leaves the workspace. */
export function resolveLocal(specifier: string, from: string): string | undefined {
  const parts = from.split("/").slice(0, -1);
  for (const part of (specifier.split(/[?#]/)[0] ?? "").split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}
