/** Resolves a relative specifier to a path in the workspace. Undefined where it leaves the workspace. */
export function resolveLocal(specifier: string, from: string): string | undefined {
  const parts = from.split("/").slice(0, -1);
  for (const part of (specifier.split(/[?#]/)[0] ?? "").split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

const EXTENSIONS = [".tsx", ".jsx", ".ts", ".mjs", ".js", ".mts", ".cjs", ".cts"];

/** Lists the paths that a runtime may try where no file has this path. */
export function otherPathsOf(path: string): string[] {
  if (/\.jsx?$/.test(path)) return [".ts", ".tsx"].map((extension) => path.replace(/\.jsx?$/, extension));
  return /\.[cm]?[jt]sx?$/.test(path) ? [] : EXTENSIONS.map((extension) => path + extension);
}
