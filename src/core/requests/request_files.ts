import { z } from "zod";
import { CodeBeakerError, invalidField } from "../errors.ts";
import { strictObject } from "../parsing/validation.ts";
import { directoriesAbove, isTooDeep, MAX_DEPTH, parseWorkspacePath } from "../workspace_path.ts";
import { decodeContent, encodingSchema } from "./content.ts";

/** Most directories of the files of a request. All are made before the program begins. */
const MAX_DIRECTORIES = 10_000;

/** A file of a request; its path is normal and relative to the workspace. */
export interface RequestFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The wire form of `files`. */
export const filesSchema = z.array(strictObject({
  path: z.string().min(1).describe("Relative to the workspace"),
  content: z.string(),
  encoding: encodingSchema,
})).max(1_000).default([]).describe("Files of the workspace, beside or instead of code");

/**
 * Parses the files of a request.
 *
 * @throws {CodeBeakerError} `permission_denied` for a path that leaves the workspace; `too_large` for a path that is
 *   too deep; `invalid_request`
 */
export function parseFiles(files: z.output<typeof filesSchema>): RequestFile[] {
  return files.map((file, index) => ({
    path: parseFilePath(file.path, `files[${index}].path`),
    bytes: decodeContent(file, `files[${index}].content`),
  }));
}

function parseFilePath(given: string, field: string): string {
  const path = parseWorkspacePath(given, field);
  if (!isTooDeep(path)) return path;
  const message = `A file lies at most ${MAX_DEPTH} levels deep`;
  throw new CodeBeakerError("too_large", `Cannot take ${field}: ${message}`, {
    details: { errors: [{ path: field, message }] },
  });
}

/**
 * Checks that every path occurs once, and that none leads through a file. The paths in `taken` exist already.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function checkPaths(files: readonly RequestFile[], taken: readonly string[]): void {
  if (files.length === 0) return;
  const all = new Set([...taken, ...files.map(({ path }) => path)]);
  const seen = new Set(taken);
  const directories = new Set<string>();
  files.forEach(({ path }, index) => {
    const field = `files[${index}].path`;
    if (path === ".") throw invalidField(field, "A file cannot be the workspace itself");
    if (seen.has(path)) throw invalidField(field, `The path ${JSON.stringify(path)} occurs twice`);
    for (const directory of directoriesAbove(path)) {
      if (directories.has(directory)) break; // The directories above it are known too.
      if (all.has(directory)) throw invalidField(field, `A part of ${JSON.stringify(path)} is itself a file`);
      directories.add(directory);
    }
    if (directories.size > MAX_DIRECTORIES) {
      throw invalidField(field, `Files lie in at most ${MAX_DIRECTORIES} directories`);
    }
    seen.add(path);
  });
}
