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

/** The paths of the files that a runtime may take where there is none of this path. */
export function otherPathsOf(path: string): string[] {
  if (/\.jsx?$/.test(path)) return [".ts", ".tsx"].map((extension) => path.replace(/\.jsx?$/, extension));
  return /\.[cm]?[jt]sx?$/.test(path) ? [] : EXTENSIONS.map((extension) => path + extension);
}
