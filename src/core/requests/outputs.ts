import { z } from "zod";
import { invalidField } from "../errors.ts";
import { parseWorkspacePath } from "../workspace_path.ts";

/** Most globs of a request. */
const MAX_GLOBS = 64;
const MAX_GLOB_LENGTH = 256;

/** The wire form of `outputs`. */
export const outputsSchema = z.array(z.string().min(1).max(MAX_GLOB_LENGTH)).max(MAX_GLOBS).default([]).describe(
  "Globs of the workspace's files to return with the answer",
);

/**
 * Normalizes globs relative to the workspace.
 *
 * @throws {CodeBeakerError} `permission_denied` for a glob that leaves the workspace; `invalid_request` for one that
 * can match no file
 */
export function parseOutputs(globs: readonly string[]): string[] {
  return globs.map((given, index) => {
    const field = `outputs[${index}]`;
    const glob = parseWorkspacePath(given, field);
    if (glob === ".") throw invalidField(field, 'The workspace itself is no file: "**" matches every file in it');
    return glob;
  });
}
