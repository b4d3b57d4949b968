import { assertEquals } from "@std/assert";
import { CodeBeakerError, type ErrorCode } from "../../../src/core/errors.ts";
import type { FileEntry } from "../../../src/core/files.ts";
import type { WorkspaceFiles } from "../../../src/runtimes/port.ts";

/** What a check of the files port works with: an empty workspace. */
export interface FilesBench {
  readonly files: WorkspaceFiles;
  /** Runs a script of `sh` in the workspace, to make what the port cannot. */
  readonly plant: Plant;
}

/** Runs a script of `sh` in a workspace; rejects where it fails. */
export type Plant = (script: string) => Promise<void>;

/** Checks of the files port by name. */
export type FileChecks = Readonly<Record<string, (bench: FilesBench) => Promise<void>>>;

/** The bytes of a text. */
export function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The whole text of a file, or a part of it. */
export async function readText(
  files: WorkspaceFiles,
  path: string,
  options: { readonly offset?: number; readonly length?: number } = {},
): Promise<string> {
  const bytes = await new Response(await files.read(path, options)).bytes();
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Asserts that each operation is refused with a code, whether it throws or rejects, and names the first that is not. */
export async function assertRefused(
  code: ErrorCode,
  operations: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<void> {
  for (const [name, operation] of Object.entries(operations)) assertEquals([name, await tell(operation)], [name, code]);
}

/** The code of what an operation throws. */
async function tell(operation: () => Promise<unknown>): Promise<string> {
  try {
    await operation();
    return "done";
  } catch (error) {
    if (error instanceof CodeBeakerError) return error.code;
    throw error;
  }
}

/** The paths and types of everything below a directory, in the order of the listing. */
export async function listPaths(files: WorkspaceFiles, path = "."): Promise<string[]> {
  return flatten(await files.list(path)).map((entry) => `${entry.path} ${entry.type}`);
}

function flatten({ children = [] }: FileEntry): FileEntry[] {
  return children.flatMap((entry) => [entry, ...flatten(entry)]);
}
