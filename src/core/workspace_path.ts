import { CodeBeakerError, invalidField } from "./errors.ts";

/** The path of the workspace for clients, and for programs where the runtime can mount. */
export const WORKSPACE_ROOT = "/workspace";

/** Where programs that were written for E2B look for the workspace. */
export const WORKSPACE_LINK = "/home/user";

/** Longest path and longest name in it, in bytes: Linux's `PATH_MAX` and `NAME_MAX`. */
const MAX_PATH_BYTES = 4096;
const MAX_NAME_BYTES = 255;

/** Deepest path: each level holds a descriptor and a stack frame. */
export const MAX_DEPTH = 128;

/**
 * Normalizes a client's path relative to the workspace. The result has no `.`, no empty part, no leading or trailing
 * slash; the workspace itself is `.`. `/workspace/x` and `x` are the same file.
 *
 * @throws {CodeBeakerError} `permission_denied` for a path that leaves the workspace (absolute, `..`, NUL);
 *   `invalid_request` for a path that is too long or not well-formed
 */
export function parseWorkspacePath(path: string, field = "path"): string {
  // A UTF-16 unit is at least a byte. A path over the bound is not split, as one of 16 MB takes a second.
  if (path.length > WORKSPACE_ROOT.length + 1 + MAX_PATH_BYTES) throw tooLong(field);
  if (path.includes("\0")) throw outside(path, { why: "it holds a NUL", field });
  const isInside = path === WORKSPACE_ROOT || path.startsWith(`${WORKSPACE_ROOT}/`);
  const relative = isInside ? path.slice(WORKSPACE_ROOT.length + 1) : path;
  if (relative.startsWith("/")) throw outside(path, { why: "it is absolute", field });
  const parts = relative.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw outside(path, { why: 'it holds ".."', field });
  if (!path.isWellFormed()) throw invalidField(field, "A path is well-formed Unicode");
  const encoder = new TextEncoder();
  if (
    encoder.encode(relative).length > MAX_PATH_BYTES ||
    parts.some((part) => encoder.encode(part).length > MAX_NAME_BYTES)
  ) throw tooLong(field);
  return parts.length === 0 ? "." : parts.join("/");
}

function tooLong(field: string): CodeBeakerError {
  const message = `A path is at most ${MAX_PATH_BYTES} bytes long and each name in it ${MAX_NAME_BYTES}`;
  return new CodeBeakerError("invalid_request", `Cannot use ${field}: ${message}`, {
    details: { errors: [{ path: field, message }] },
  });
}

/** Makes a `permission_denied` error about a path that leaves the workspace. */
export function outside(
  path: string,
  { why, field = "path" }: { readonly why: string; readonly field?: string },
): CodeBeakerError {
  const shown = JSON.stringify(path.slice(0, 200));
  return new CodeBeakerError(
    "permission_denied",
    `Cannot use ${field} as it must lie in the workspace, and ${why}: current value is ${shown}`,
    {
      details: { errors: [{ path: field, message: `Leaves the workspace: ${why}` }] },
    },
  );
}

/** Refuses to move the workspace itself, or to replace it. @throws {CodeBeakerError} `invalid_request` */
export function checkMove(source: string, destination: string): void {
  if (source === ".") throw invalidField("source", "Cannot move the workspace itself");
  if (destination === ".") throw invalidField("destination", "Cannot replace the workspace itself");
}

/** Refuses to delete the workspace itself. @throws {CodeBeakerError} `invalid_request` */
export function checkDeletion(path: string): void {
  if (path === ".") throw invalidField("path", "Cannot delete the workspace itself");
}

/** The directories above a normal path, the nearest first. */
export function* directoriesAbove(path: string): Generator<string> {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) yield path.slice(0, at);
}

/** Whether a normal path is more than {@link MAX_DEPTH} names long. */
export function isTooDeep(path: string): boolean {
  return path.split("/").length > MAX_DEPTH;
}
