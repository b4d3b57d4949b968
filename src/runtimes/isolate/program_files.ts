import { dirname, join } from "@std/path";
import { CodeBeakerError } from "../../core/errors.ts";
import { MAX_CODE_BYTES } from "../../core/requests/content.ts";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import type { WorkspaceFiles } from "../port.ts";
import type { SlotRequest } from "./slot_program.ts";

/** Most files of a program, and most characters of all of them. */
const MAX_FILES = 1_000;
const MAX_CHARACTERS = 4 * MAX_CODE_BYTES;

/** What may be the specifier of an import of another file: a text in quotes that begins like a path. */
const SPECIFIER = /(["'])((?:\.{0,2}\/|file:\/\/)[^"'\n\\]*)\1/g;

/**
 * Reads a program: the file to run, and every file that it or another of them may import.
 *
 * @throws {CodeBeakerError} `too_large`
 */
export async function readProgram(files: Pick<WorkspaceFiles, "read">, entry: string): Promise<SlotRequest> {
  const texts: Record<string, string> = { [entry]: await readText(files, entry) };
  let characters = 0;
  for (const path of paths(texts, entry)) {
    const text = texts[path] ?? await readText(files, path).catch(notThere);
    if (text === undefined) continue;
    texts[path] = text;
    characters += text.length;
    if (characters > MAX_CHARACTERS) {
      throw new CodeBeakerError("too_large", `Cannot run a program of more than ${MAX_CHARACTERS} characters`);
    }
  }
  return { entry, files: texts };
}

/** The file to run, and then each that one before it may import, once. */
function* paths(texts: Readonly<Record<string, string>>, entry: string): Generator<string> {
  const found = new Set([entry]);
  for (const path of found) {
    yield path;
    for (const [, , specifier = ""] of texts[path]?.matchAll(SPECIFIER) ?? []) {
      const absolute = specifier.replace(/^file:\/\//, "");
      const named = absolute.startsWith("/") ? absolute : join(WORKSPACE_ROOT, dirname(path), absolute);
      const inside = join(named).startsWith(`${WORKSPACE_ROOT}/`) ? join(named).slice(WORKSPACE_ROOT.length + 1) : "";
      if (inside !== "" && found.size < MAX_FILES) found.add(inside);
    }
  }
}

/** @throws what the workspace throws */
async function readText(files: Pick<WorkspaceFiles, "read">, path: string): Promise<string> {
  return await new Response(await files.read(path, { length: MAX_CODE_BYTES })).text();
}

/** What a text in quotes names may be no file: then an import of it fails in the program. */
function notThere(): undefined {
  return undefined;
}
