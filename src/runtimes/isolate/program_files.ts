import { dirname, join } from "@std/path";
import { CodeBeakerError } from "../../core/errors.ts";
import { MAX_CODE_BYTES } from "../../core/requests/content.ts";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import type { WorkspaceFiles } from "../port.ts";
import type { SlotRequest } from "./slot_program.ts";

/** The most files of a program, and the most bytes of all of them. */
const MAX_FILES = 1_000;
const MAX_BYTES = 16 * MAX_CODE_BYTES;

/** The apparent file of a cell. No path of a workspace has such a character. */
const CELL_FILE = "cell\0.js";

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
export async function readProgram(files: Pick<WorkspaceFiles, "read">, entry: string): Promise<SlotRequest> {
  const texts = new Map<string, string>();
  let bytes = 0;
  for (const path of paths(texts, entry)) {
    const read = readBytes(files, path);
    const source = path === entry ? await read : await read.catch(notThere);
    if (source === undefined) continue;
    texts.set(path, new TextDecoder().decode(source));
    bytes += source.length;
    if (bytes > MAX_BYTES) {
      throw new CodeBeakerError("too_large", `Cannot run a program of more than ${MAX_BYTES} bytes`);
    }
  }
  return { entry, files: Object.fromEntries(texts) };
}

/**
 * Reads every file that a cell may import, directly or by another file.
 *
 * @throws {CodeBeakerError} `too_large`
 */
export async function readImports(
  files: Pick<WorkspaceFiles, "read">,
  code: string,
): Promise<SlotRequest["files"]> {
  const read: WorkspaceFiles["read"] = async (path, options) =>
    path === CELL_FILE ? ReadableStream.from([new TextEncoder().encode(code)]) : await files.read(path, options);
  const { files: { [CELL_FILE]: _cell, ...imported } } = await readProgram({ read }, CELL_FILE);
  return imported;
}

/** The file to run, and then each that one before it may import, once. */
function* paths(texts: ReadonlyMap<string, string>, entry: string): Generator<string> {
  const found = new Set([entry]);
  for (const path of found) {
    yield path;
    for (const [, , specifier = ""] of texts.get(path)?.matchAll(SPECIFIER) ?? []) {
      const absolute = specifier.replace(/^file:\/\//, "").replace(/[?#].*/, "");
      const named = absolute.startsWith("/") ? absolute : join(WORKSPACE_ROOT, dirname(path), absolute);
      const inside = join(named).startsWith(`${WORKSPACE_ROOT}/`) ? join(named).slice(WORKSPACE_ROOT.length + 1) : "";
      if (inside !== "" && found.size < MAX_FILES) found.add(inside);
    }
  }
}

/** Reads a file. @throws the workspace's error */
async function readBytes(files: Pick<WorkspaceFiles, "read">, path: string): Promise<Uint8Array> {
  return await new Response(await files.read(path, { length: MAX_BYTES + 1 })).bytes();
}

/** Ignores a missing file. A text in quotes may name no file; then an import of it fails in the program. */
function notThere(): undefined {
  return undefined;
}
