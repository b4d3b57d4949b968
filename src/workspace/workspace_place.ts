import { outside, parseWorkspacePath, WORKSPACE_ROOT } from "../core/workspace_path.ts";
import { DirectoryHandle, systemCodeOf } from "./directory_handle.ts";

/** More symlinks than this in one path are a loop, as in path_resolution(7). */
const MAX_LINKS = 40;

/** How a path is walked. */
export interface ResolveOptions {
  /** Whether a symlink at the end of the path stands for what it points to. */
  readonly follow: boolean;
  /** Whether missing directories above the end are made. */
  readonly makeParents?: boolean;
}

/** The end of a path: a name in an open directory. */
export interface Place extends Disposable {
  readonly directory: DirectoryHandle;
  readonly name: string;
  /** Every directory on the way here, the workspace first. */
  readonly trail: readonly DirectoryHandle[];
}

/**
 * Walks a path from an open directory, which it takes over, one component at a time. A symlink is followed as long as
 * it stays inside.
 *
 * @throws {CodeBeakerError} `permission_denied` for a path that a symlink leads out; else what the system throws
 */
export function resolve(root: DirectoryHandle, path: string, { follow, makeParents = false }: ResolveOptions): Place {
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

/** A link's target as parts; an absolute one is meant as the program sees it. */
function linkParts(target: string, path: string): string[] {
  if (!target.startsWith("/")) return target.split("/");
  if (target !== WORKSPACE_ROOT && !target.startsWith(`${WORKSPACE_ROOT}/`)) {
    throw outside(path, { why: "a symlink in it leads out" });
  }
  return parseWorkspacePath(target).split("/");
}

/** Makes a directory in another one unless it is there. */
export function makeDirectory(parent: DirectoryHandle, name: string): void {
  try {
    parent.makeDirectory(name);
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  }
}
