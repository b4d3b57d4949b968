import { dirname, join } from "@std/path";
import { CodeBeakerError } from "../../core/errors.ts";
import { MAX_CODE_BYTES } from "../../core/requests/content.ts";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import type { WorkspaceFiles } from "../port.ts";
import type { SlotRequest } from "./slot_program.ts";

/** The most files of a program, and the most bytes of all of them. */
const MAX_FILES = 1_000;
const MAX_BYTES = 16 * MAX_CODE_BYTES;
const DECODER = new TextDecoder();

/** The files of a workspace that a program is read from. */
export interface SourceFiles extends Pick<WorkspaceFiles, "read"> {
  /** The bytes of a file that is in memory. Nothing changes them. Undefined for any other file; absent, all are. */
  inMemory?(path: string): Uint8Array | undefined;
}

/**
 * Matches a possible specifier of another file, a text in quotes like a path. Its last quote may be the first of the
 * next, since it is not known which quotes begin a text.
 */
const SPECIFIER = /(["'])(?=((?:\.{0,2}\/|file:\/\/)[^"'\n\\]*)\1)/g;

/**
 * Reads a program: the file to run, and every file that it may import. A file may be imported by another that is.
 *
 * @throws {CodeBeakerError} `too_large`
 */
export async function readProgram(files: SourceFiles, entry: string): Promise<SlotRequest> {
  const source = await readBytes(files, entry);
  const text = DECODER.decode(source);
  const imported = await readImportsOf({ text, directory: dirname(entry) }, { files, bytes: source.length });
  return { entry, files: { ...imported, [entry]: text } };
}

/**
 * Reads every file that a cell may import, directly or by another file.
 *
 * @throws {CodeBeakerError} `too_large`
 */
export async function readImports(
  files: SourceFiles,
  code: string,
): Promise<SlotRequest["files"]> {
  return await readImportsOf({ text: code, directory: "." }, { files, bytes: 0 });
}

/** A text that imports files, and its directory in the workspace. */
interface ImportingText {
  readonly text: string;
  readonly directory: string;
}

/** Reads every file that a text may import, directly or by another file. So many `bytes` are read already. */
async function readImportsOf(
  first: ImportingText,
  { bytes, files }: { readonly files: SourceFiles; readonly bytes: number },
): Promise<SlotRequest["files"]> {
  const texts: Record<string, string> = {};
  const found = new Set(pathsIn(first).slice(0, MAX_FILES));
  let total = bytes;
  if (total > MAX_BYTES) throw tooLarge();
  for (const path of found) {
    const source = await readBytes(files, path).catch(notThere);
    if (source === undefined) continue;
    total += source.length;
    if (total > MAX_BYTES) throw tooLarge();
    const text = texts[path] = DECODER.decode(source);
    for (const next of pathsIn({ text, directory: dirname(path) })) {
      if (found.size < MAX_FILES) found.add(next);
    }
  }
  return texts;
}

/** The paths of files of the workspace that a text may import. */
function pathsIn({ directory, text }: ImportingText): string[] {
  if (!text.includes("/")) return []; // Every such specifier has one.
  return [...text.matchAll(SPECIFIER)].flatMap(([, , specifier = ""]) => {
    const path = specifier.replace(/^file:\/\//, "").replace(/[?#].*/, "");
    const named = path.startsWith("/") ? join(path) : join(WORKSPACE_ROOT, directory, path);
    return named.startsWith(`${WORKSPACE_ROOT}/`) ? [named.slice(WORKSPACE_ROOT.length + 1)] : [];
  });
}

function tooLarge(): CodeBeakerError {
  return new CodeBeakerError("too_large", `Cannot run a program of more than ${MAX_BYTES} bytes`);
}

/** Reads a file. @throws the workspace's error */
async function readBytes(files: SourceFiles, path: string): Promise<Uint8Array> {
  return files.inMemory?.(path) ??
    await new Response(await files.read(path, { length: MAX_BYTES + 1 })).bytes();
}

/** Ignores a missing file. A text in quotes may name no file; then an import of it fails in the program. */
function notThere(): undefined {
  return undefined;
}
