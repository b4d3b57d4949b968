import { systemCodeOf } from "../core/errors.ts";
import { outside, parseWorkspacePath, WORKSPACE_ROOT } from "../core/workspace_path.ts";
import { DirectoryHandle } from "./directory_handle.ts";

/** Most symlinks in one path, as in path_resolution(7). */
const MAX_LINKS = 40;

/** The settings for resolving a path. */
export interface ResolveOptions {
  /** Whether a symlink at the end of the path is followed. */
  readonly follow: boolean;
  /** Whether missing directories above the end are made. Default: false. */
  readonly makeParents?: boolean;
}

/** The end of a path: a name in an open directory. */
export interface ResolvedPath extends Disposable {
  readonly directory: DirectoryHandle;
  readonly name: string;
  /** The open directories of the path, the workspace first. */
  readonly trail: readonly DirectoryHandle[];
}

/**
 * Resolves a path from an open directory, one component at a time. The result owns the directory. Symlinks that stay
 * inside are followed.
 *
 * @throws {CodeBeakerError} `permission_denied` for a path that leaves the workspace through a symlink
 * @throws the errors of the file system
 */
export function resolvePath(
  root: DirectoryHandle,
  path: string,
  { follow, makeParents = false }: ResolveOptions,
): ResolvedPath {
  const opened = [root];
  const dispose = () => opened.splice(0).forEach((handle) => handle[Symbol.dispose]());
  const here = () => opened[opened.length - 1] ?? root;
  try {
    const parts = path.split("/");
    let links = 0;
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (opened.length === 1) throw outside(path, { why: "a symlink in it leads out" });
        opened.pop()?.[Symbol.dispose]();
        continue;
      }
      const isLast = parts.length === 0;
      const directory = isLast ? undefined : here().openIfDirectory(part);
      if (directory !== undefined) {
        opened.push(directory);
        continue;
      }
      const target = isLast && !follow ? undefined : here().readLink(part);
      if (target !== undefined) {
        if (++links > MAX_LINKS) throw outside(path, { why: "its symlinks form a loop" });
        if (target.startsWith("/")) opened.splice(1).forEach((handle) => handle[Symbol.dispose]());
        parts.unshift(...linkParts(target, path));
        continue;
      }
      if (isLast) return { directory: here(), name: part, trail: opened, [Symbol.dispose]: dispose };
      if (makeParents) makeDirectory(here(), part);
      opened.push(here().open(part));
    }
    return { directory: here(), name: ".", trail: opened, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Splits a link's target. An absolute target is a path as programs see it. */
function linkParts(target: string, path: string): string[] {
  if (!target.startsWith("/")) return target.split("/");
  if (target !== WORKSPACE_ROOT && !target.startsWith(`${WORKSPACE_ROOT}/`)) {
    throw outside(path, { why: "a symlink in it leads out" });
  }
  return parseWorkspacePath(target).split("/");
}

/** Makes a directory in another one unless it exists. */
export function makeDirectory(parent: DirectoryHandle, name: string): void {
  try {
    parent.makeDirectory(name);
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  }
}
