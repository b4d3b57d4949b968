import { parseWorkspacePath, WORKSPACE_LINK, WORKSPACE_ROOT } from "../../../core/workspace_path.ts";

/** The home directory of an E2B sandbox, which stands for the workspace. */
const HOME = new RegExp(`^(?:${WORKSPACE_LINK}|~)(?:/|$)`);

/**
 * Translates a path of E2B's to one of the workspace.
 *
 * @throws {CodeBeakerError} `permission_denied` for a path that leaves the workspace
 */
export function fromE2bPath(path: string): string {
  return parseWorkspacePath(path.replace(HOME, "./"));
}

/** The absolute path of a path of the workspace. */
export function toE2bPath(path: string): string {
  return path === "." ? WORKSPACE_ROOT : `${WORKSPACE_ROOT}/${path}`;
}
